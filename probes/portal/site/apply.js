"use strict";
// Posts the application as JSON, then asks for its state until the card is issued. An application that stays
// provisional keeps the applicant waiting, with nothing that looks like an error.
(() => {
  const form = document.getElementById("application");
  const result = document.getElementById("result");

  const show = (state, heading, text, number, summary) => {
    result.hidden = false;
    result.dataset.state = state;
    result.replaceChildren();
    const title = document.createElement("h2");
    title.textContent = heading;
    const words = document.createElement("p");
    words.textContent = text;
    result.append(title, words);
    if (number) {
      const line = document.createElement("p");
      line.className = "number";
      line.textContent = "受付番号 " + number;
      result.append(line);
    }
    if (summary) {
      const line = document.createElement("p");
      line.textContent = "申請の内容 " + summary;
      result.append(line);
    }
  };

  // What was applied for, in one line.
  const summarize = () => [
    form.name.value, form.kind.value, form.birth.value, form.prefecture.value, form.photo.files[0]?.name,
    form.mail.checked ? "メールで通知" : "通知なし",
  ].filter(Boolean).join("、");

  form.photo.addEventListener("change", () => {
    document.getElementById("chosen").textContent = form.photo.files[0] ? form.photo.files[0].name + "を選びました" : "";
  });

  const follow = async (number) => {
    const answer = await fetch("/api/applications/" + encodeURIComponent(number), { cache: "no-store" });
    const application = await answer.json();
    if (application.state === "issued") {
      show("issued", "申請が完了しました", "発行が終わりました。すぐにご利用いただけます。", number, summarize());
      return;
    }
    show("provisional", "手続き中です", "仮のカードを追加しました。発行が終わるまで、このままお待ちください。", number);
    setTimeout(() => follow(number).catch(failed), 1000);
  };

  const failed = () => {
    show("failed", "申請できませんでした", "しばらく時間をおいて、もう一度お試しください。");
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    show("sending", "送信しています", "画面を閉じずにお待ちください。");
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ name: form.name.value, phone: form.phone.value, agree: form.agree.checked }),
      });
      const application = await answer.json();
      if (!answer.ok) {
        show("failed", "申請できませんでした", application.message || "しばらく時間をおいて、もう一度お試しください。");
        return;
      }
      await follow(application.number);
    } catch {
      failed();
    }
  });
})();
