// Runs in a world of its own in every document, so that the page can neither see nor break it.
(() => {
  if (globalThis.__probe) return;
  const P = (globalThis.__probe = {});

  const fold = (s) => (s || '').normalize('NFKC').replace(/\s+/g, ' ').trim();
  const short = (s) => { s = fold(s); return s.length > 60 ? s.slice(0, 60) + '…' : s; };
  const skipped = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE', 'HEAD']);
  const fields = new Set(['SELECT', 'INPUT', 'TEXTAREA', 'DATALIST']);

  // Every tree of the document: itself and its open shadow roots.
  function roots() {
    const found = [document];
    for (let i = 0; i < found.length; i++)
      for (const el of found[i].querySelectorAll('*')) if (el.shadowRoot) found.push(el.shadowRoot);
    return found;
  }
  // All elements that a selector names; "host >>> part" looks inside of the hosts, in their shadow trees where they have one.
  function all(css) {
    const [first, ...rest] = css.split('>>>');
    let found = roots().flatMap((root) => [...root.querySelectorAll(first)]);
    for (const part of rest) found = [...new Set(found.flatMap((el) => [...(el.shadowRoot || el).querySelectorAll(part)]))];
    return found;
  }

  function visible(el) {
    if (!el.isConnected || !el.checkVisibility({ visibilityProperty: true })) return false;
    const r = el.getBoundingClientRect();
    if (r.width > 0 && r.height > 0) return true;
    // an element of no size may have visible contents, or be laid out as its contents
    return [...el.childNodes].some((n) => {
      if (n.nodeType === 1) return visible(n);
      if (n.nodeType !== 3 || !n.data.trim()) return false;
      const range = document.createRange();
      range.selectNodeContents(n);
      const t = range.getBoundingClientRect();
      return t.width > 0 && t.height > 0;
    });
  }

  const isButton = (el) => el.localName === 'input' && ['submit', 'button', 'reset'].includes(el.type);

  // What a person reads in the element.
  function textOf(el) {
    if (isButton(el)) return fold(el.value || (el.type === 'submit' ? '送信' : ''));
    if (el.localName === 'select') return fold([...el.selectedOptions].map((o) => o.text).join(' '));
    let text = el.innerText === undefined ? el.textContent : el.innerText;
    if (el.shadowRoot) for (const c of el.shadowRoot.children) if (!skipped.has(c.tagName)) text += ' ' + (c.innerText || '');
    return fold(text);
  }

  // The innermost elements that contain the text.
  function byText(text) {
    const want = fold(text);
    const found = [];
    const descend = (el) => {
      if (skipped.has(el.tagName)) return false;
      if (isButton(el)) {
        if (textOf(el).includes(want)) { found.push(el); return true; }
        return false;
      }
      if (!fold(el.textContent).includes(want)) {
        let any = false;
        for (const b of el.querySelectorAll('input')) if (isButton(b) && textOf(b).includes(want)) { found.push(b); any = true; }
        return any;
      }
      let inner = false;
      for (const c of el.children) if (descend(c)) inner = true;
      if (!inner && fold(el.innerText === undefined ? el.textContent : el.innerText).includes(want)) { found.push(el); return true; }
      return inner;
    };
    for (const root of roots()) for (const el of root === document ? [document.body].filter(Boolean) : root.children) descend(el);
    return found;
  }

  // https://www.w3.org/TR/html-aria/#docconformance, the roles that people name.
  const inputRoles = {
    button: 'button', submit: 'button', reset: 'button', image: 'button', checkbox: 'checkbox', radio: 'radio',
    range: 'slider', number: 'spinbutton', search: 'searchbox', text: 'textbox', email: 'textbox', tel: 'textbox', url: 'textbox',
  };
  const tagRoles = {
    button: 'button', textarea: 'textbox', option: 'option', nav: 'navigation', main: 'main', table: 'table', tr: 'row', td: 'cell',
    th: 'columnheader', ul: 'list', ol: 'list', menu: 'list', li: 'listitem', dialog: 'dialog', article: 'article', aside: 'complementary',
    form: 'form', fieldset: 'group', hr: 'separator', progress: 'progressbar', output: 'status', summary: 'button',
    h1: 'heading', h2: 'heading', h3: 'heading', h4: 'heading', h5: 'heading', h6: 'heading', p: 'paragraph',
    header: 'banner', footer: 'contentinfo', search: 'search', meter: 'meter', details: 'group', iframe: 'iframe', figure: 'figure',
  };
  function roleOf(el) {
    const given = (el.getAttribute('role') || '').trim().split(/\s+/)[0];
    if (given) return given;
    switch (el.localName) {
      case 'a': case 'area': return el.hasAttribute('href') ? 'link' : 'generic';
      case 'input': return el.list ? 'combobox' : inputRoles[el.type] || 'textbox';
      case 'select': return el.multiple || el.size > 1 ? 'listbox' : 'combobox';
      case 'img': return el.getAttribute('alt') === '' ? 'presentation' : 'img';
    }
    return tagRoles[el.localName] || 'generic';
  }
  const roleSelector = {
    link: 'a[href],area[href],[role]', button: 'button,input,summary,[role]', textbox: 'input,textarea,[role]', searchbox: 'input,[role]',
    checkbox: 'input,[role]', radio: 'input,[role]', combobox: 'select,input,[role]', heading: 'h1,h2,h3,h4,h5,h6,[role]', img: 'img,[role]',
  };

  // https://www.w3.org/TR/accname-1.2/, without what CSS generates.
  const byContent = new Set(['button', 'link', 'heading', 'checkbox', 'radio', 'option', 'cell', 'columnheader', 'rowheader', 'row',
    'tab', 'menuitem', 'menuitemcheckbox', 'menuitemradio', 'switch', 'treeitem', 'tooltip', 'gridcell']);
  function contentName(el) {
    if (el.nodeType === 3) return el.data;
    if (el.nodeType !== 1 || skipped.has(el.tagName) || fields.has(el.tagName) || el.getAttribute('aria-hidden') === 'true') return '';
    if (el.getAttribute('aria-label')) return el.getAttribute('aria-label');
    if (el.localName === 'img') return el.alt;
    const space = getComputedStyle(el).display.startsWith('inline') ? '' : ' ';
    return space + [...el.childNodes].map(contentName).join('') + space;
  }
  function nameOf(el) {
    const by = (el.getAttribute('aria-labelledby') || '').trim();
    if (by) {
      const text = fold(by.split(/\s+/).map((id) => { const r = el.getRootNode().getElementById(id); return r ? contentName(r) : ''; }).join(' '));
      if (text) return text;
    }
    if (fold(el.getAttribute('aria-label'))) return fold(el.getAttribute('aria-label'));
    if (el.labels && el.labels.length) return fold([...el.labels].map(contentName).join(' '));
    if (isButton(el)) return textOf(el) || fold(el.title);
    if (el.localName === 'img' || (el.localName === 'input' && el.type === 'image')) return fold(el.alt || el.title);
    if (el.localName === 'fieldset') { const l = el.querySelector('legend'); if (l) return fold(contentName(l)); }
    if (el.localName === 'table') { const c = el.caption; if (c) return fold(contentName(c)); }
    if (byContent.has(roleOf(el))) { const text = fold([...el.childNodes].map(contentName).join('')); if (text) return text; }
    return fold(el.title || el.getAttribute('placeholder'));
  }

  function byLabel(label) {
    const want = fold(label);
    const found = new Set();
    for (const l of all('label')) if (l.control && fold(contentName(l)).includes(want)) found.add(l.control);
    for (const el of all('input,select,textarea,[contenteditable],[role]'))
      if (nameOf(el).includes(want) && (el.hasAttribute('aria-label') || el.hasAttribute('aria-labelledby'))) found.add(el);
    return [...found];
  }

  // All elements of which everything holds that the target names, in the order of the document.
  function find(t) {
    let found;
    if (t.label) found = byLabel(t.label);
    else if (t.selector) found = all(t.selector);
    else if (t.role) found = all(roleSelector[t.role] || '*');
    else if (t.text) found = byText(t.text);
    else found = [document.body].filter(Boolean);
    if (t.label && t.selector) { const named = new Set(all(t.selector)); found = found.filter((el) => named.has(el)); }
    if (t.role) found = found.filter((el) => roleOf(el) === t.role && (!t.name || nameOf(el).includes(fold(t.name))));
    if (t.text && (t.label || t.selector || t.role)) found = found.filter((el) => textOf(el).includes(fold(t.text)));
    return found;
  }
  function pick(t, need) {
    const found = find(t).filter((el) => !need || visible(el));
    return t.nth ? found[t.nth - 1] : found[0];
  }

  function describe(el) {
    if (!el) return '';
    const role = roleOf(el);
    const kind = role === 'generic' || role === 'paragraph' ? '<' + el.localName + (el.id ? ' id="' + el.id + '"' : '') + '>' : role;
    const name = short(nameOf(el) || textOf(el));
    return name ? kind + ' "' + name + '"' : kind === role ? role + ' <' + el.localName + (el.id ? ' id="' + el.id + '"' : '') + '>' : kind;
  }

  // How alike two texts are, from 0 to 1 (Sørensen–Dice): by pairs of characters, and less so by single ones, which are
  // words of their own in Japanese.
  function dice(a, b, size) {
    const parts = (s) => { const m = new Map(); for (let i = 0; i + size <= s.length; i++) { const p = s.slice(i, i + size); m.set(p, (m.get(p) || 0) + 1); } return m; };
    const x = parts(a), y = parts(b);
    let both = 0;
    for (const [p, n] of x) both += Math.min(n, y.get(p) || 0);
    return (2 * both) / Math.max(1, a.length + b.length - 2 * (size - 1));
  }
  const alike = (a, b) => { a = a.toLowerCase(); b = b.toLowerCase(); return Math.max(dice(a, b, 2), 0.7 * dice(a, b, 1)); };

  // What is on the page instead of the target: what partly fits, then what reads alike.
  function near(t, kind) {
    const out = new Map();
    const add = (el, score, note) => { const d = describe(el) + (note ? ' (' + note + ')' : ''); if (score > (out.get(d) || 0)) out.set(d, score); };
    const exact = find(t);
    if (t.nth && exact.length) return [exact.length + (exact.length === 1 ? ' such element' : ' such elements')];
    for (const el of exact) if (!visible(el)) add(el, 3, 'not visible');
    if (t.selector && t.text) for (const el of all(t.selector)) if (visible(el)) add(el, 2);
    const want = fold(t.text || t.name || t.label || '');
    if (want) {
      const pool = kind === 'field' ? all('input,select,textarea,[contenteditable=""],[contenteditable=true]')
        : all('a[href],button,input,summary,label,h1,h2,h3,[role=button],[role=link],[role=alert],p,li,td,th,dt,dd,span,div').slice(0, 4000);
      for (const el of pool) {
        if (el.type === 'hidden' || (el.children.length > 3 && !el.matches('a,button'))) continue;
        const text = fold(nameOf(el) || el.textContent).slice(0, 200);
        if (!text || text.length > want.length * 6 + 20) continue;
        const score = Math.max(alike(want, text), text.includes(want) || want.includes(text) ? 0.5 : 0);
        if (score >= 0.3 && visible(el)) add(el, score + (t.role && roleOf(el) === t.role ? 0.5 : 0));
      }
    } else if (t.selector && !exact.length) {
      const last = t.selector.split(/[\s>+~,]+/).pop();
      const tag = (last.match(/^[a-z][\w-]*/i) || [''])[0];
      const id = (last.match(/#([\w-]+)/) || [])[1];
      for (const el of all(tag || '[id]')) {
        const score = id ? (el.id ? alike(id, el.id) : 0) : tag ? 0.5 : 0;
        if (score >= 0.5 && visible(el)) add(el, score);
      }
    }
    const closest = [...out.values()].length;
    if (!closest && !exact.length && t.role) for (const el of find({ role: t.role })) if (visible(el)) add(el, 0.2);
    if (!closest && !exact.length && kind === 'field') for (const el of all('input,select,textarea')) if (el.type !== 'hidden' && visible(el)) add(el, 0.1);
    return [...out].sort((a, b) => b[1] - a[1]).slice(0, 3).map((e) => e[0]);
  }

  const frame = () => new Promise((done) => { const t = setTimeout(done, 50); requestAnimationFrame(() => { clearTimeout(t); done(); }); });

  // Calls check until it gives something, on each change of the document and at least ten times a second.
  async function until(timeout, check) {
    const end = performance.now() + timeout;
    for (;;) {
      const got = check();
      if (got) return got;
      const left = end - performance.now();
      if (left <= 0) return null;
      await new Promise((done) => {
        const seen = new MutationObserver(finish);
        const timer = setTimeout(finish, Math.min(100, left));
        function finish() { seen.disconnect(); clearTimeout(timer); setTimeout(done, 5); }
        seen.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      });
    }
  }

  const where = () => ({ url: location.href, title: fold(document.title) });
  const instead = (t, kind) => { let n = []; try { n = near(t, kind); } catch (e) { /* a selector that is none was reported before */ } return { ok: false, near: n, ...where() }; };

  function badSelector(...selectors) {
    for (const s of selectors) if (s) { try { for (const part of s.split('>>>')) document.createDocumentFragment().querySelector(part); } catch (e) { return { ok: false, invalid: s, ...where() }; } }
    return null;
  }
  P.text = () => {
    let text = document.body ? document.body.innerText : '';
    for (const root of roots()) if (root !== document) for (const c of root.children) if (!skipped.has(c.tagName)) text += '\n' + (c.innerText || '');
    for (const el of all('input')) if (isButton(el) && visible(el)) text += '\n' + textOf(el);
    return text;
  };

  P.see = async (t, timeout) => {
    const bad = badSelector(t.selector);
    if (bad) return bad;
    const want = fold(t.text);
    const got = await until(timeout, () => (want && !t.selector && !t.role && !t.label && !t.nth ? fold(P.text()).includes(want) : pick(t, true)));
    return got ? { ok: true } : instead(t);
  };
  P.gone = async (t, timeout) => {
    const bad = badSelector(t.selector);
    if (bad) return bad;
    if (await until(timeout, () => !pick(t, true))) return { ok: true };
    return { ok: false, near: [describe(pick(t, true))], ...where() };
  };
  P.count = async (css, min, max, timeout) => {
    const bad = badSelector(css);
    if (bad) return bad;
    let n = 0;
    if (await until(timeout, () => { n = all(css).length; return n >= min && (!max || n <= max); })) return { ok: true };
    return { ok: false, count: n, ...where() };
  };
  P.at = async (part, timeout) => ((await until(timeout, () => decodeURI(location.href).includes(part) || location.href.includes(part))) ? { ok: true } : { ok: false, ...where() });

  // Waits until the element can be acted on: there, visible, enabled, at rest, and not covered where we would hit it.
  P.ready = async (t, kind, timeout) => {
    const bad = badSelector(t.selector);
    if (bad) return bad;
    const end = performance.now() + timeout;
    let problem = '';
    for (;;) {
      let el = pick(t, kind !== 'upload' && !(kind === 'frame' && t.nth)); // frames are counted with those that cannot be seen
      if (!el && kind === 'check') { // boxes drawn by a style sheet hide the real one; people click its label
        const box = pick(t, false);
        el = box && box.labels && [...box.labels].find(visible) ? box : null;
      }
      if (el && kind === 'field' && el.localName === 'label' && el.control) el = el.control;
      if (el) {
        P.last = el;
        if (kind === 'upload') {
          if (el.localName === 'label' && el.control) el = P.last = el.control;
          if (el.localName === 'input' && el.type === 'file') return { ok: true };
          problem = 'it is no file field';
        } else {
          problem = await usable(el, kind);
          if (!problem) return { ok: true, ...P.point };
        }
      }
      const left = end - performance.now();
      if (left <= 0) {
        if (!el) return instead(t, kind === 'field' || kind === 'check' ? 'field' : '');
        return { ok: false, problem, found: describe(el), ...where() };
      }
      await until(Math.min(100, left), () => false);
    }
  };
  async function usable(el, kind) {
    if (el.disabled || el.closest('fieldset[disabled]') || el.getAttribute('aria-disabled') === 'true') return 'it is disabled';
    if (kind === 'field' && el.readOnly) return 'it is read-only';
    if (kind === 'field' && !el.isContentEditable && !['input', 'textarea', 'select'].includes(el.localName)) return 'it is no field to fill in';
    let target = el;
    if (!visible(el) && el.labels) target = [...el.labels].find(visible) || el;
    const box = target.getBoundingClientRect();
    if (box.top < 0 || box.left < 0 || box.bottom > innerHeight || box.right > innerWidth) target.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    let a = target.getBoundingClientRect();
    await frame();
    let b = target.getBoundingClientRect();
    if (a.x !== b.x || a.y !== b.y || a.width !== b.width || a.height !== b.height) return 'it keeps moving';
    const problem = hits(el, target);
    if (!problem) return '';
    // a box around it that scrolls, or a bar that stays at the edge of the window, may hide it
    target.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    await frame();
    return hits(el, target) && problem;
  }
  // Whether the middle of the target is the element's to hit; P.point is where that is.
  function hits(el, target) {
    const r = [...target.getClientRects()].find((r) => r.width > 0 && r.height > 0) || target.getBoundingClientRect();
    const x = (Math.max(r.left, 0) + Math.min(r.right, innerWidth)) / 2;
    const y = (Math.max(r.top, 0) + Math.min(r.bottom, innerHeight)) / 2;
    P.point = { x, y };
    P.target = target;
    let hit = document.elementFromPoint(x, y);
    while (hit && hit.shadowRoot) { const inner = hit.shadowRoot.elementFromPoint(x, y); if (!inner || inner === hit) break; hit = inner; }
    if (!hit) return 'it is outside of the window';
    for (let n = hit; n; n = n.parentNode || n.host) if (n === target || (n.control && n.control === el)) return '';
    if (target.contains(hit) || (hit.closest && hit.closest('a,button,label') && hit.closest('a,button,label').contains(target))) return '';
    return 'it is covered by ' + describe(hit);
  }
  // Where the element is once the mouse has come there, which may itself move it.
  P.still = () => ({ ok: P.target.isConnected && !hits(P.last, P.target), ...P.point });

  P.focus = () => {
    const el = P.last;
    el.focus();
    if (el.select) { try { el.select(); } catch (e) { /* a kind of field without a selection */ } }
    if (el.isContentEditable) getSelection().selectAllChildren(el);
    return { typed: !(el.localName === 'input' && ['date', 'time', 'month', 'week', 'datetime-local', 'color', 'range'].includes(el.type)), isSelect: el.localName === 'select' };
  };
  const changed = (el) => { el.dispatchEvent(new Event('input', { bubbles: true, composed: true })); el.dispatchEvent(new Event('change', { bubbles: true })); };
  P.set = (value) => {
    const el = P.last;
    const proto = { TEXTAREA: HTMLTextAreaElement, SELECT: HTMLSelectElement }[el.tagName] || HTMLInputElement;
    Object.getOwnPropertyDescriptor(proto.prototype, 'value').set.call(el, value);
    changed(el);
    return P.value();
  };
  P.clear = () => { if (P.last.isContentEditable || P.value()) document.execCommand('delete'); };
  P.value = () => (P.last.isContentEditable ? P.last.innerText : P.last.value);
  P.select = async (t, want, timeout) => {
    const got = await P.ready(t, 'field', timeout);
    if (!got.ok) return got;
    const el = P.last;
    if (el.localName !== 'select') return { ok: false, problem: 'it is no list to select from', found: describe(el), ...where() };
    const option = () => [...el.options].find((o) => o.value === want) || [...el.options].find((o) => fold(o.text) === fold(want)) || [...el.options].find((o) => fold(o.text).includes(fold(want)));
    const o = await until(timeout, () => { const o = option(); return o && !o.disabled && o; });
    if (!o) return { ok: false, options: [...el.options].slice(0, 8).map((x) => short(x.text) + (x.disabled ? ' (disabled)' : '')), found: describe(el), ...where() };
    el.focus();
    if (el.multiple) o.selected = true; else el.value = o.value, el.selectedIndex = o.index;
    changed(el);
    return { ok: true };
  };
  P.checked = () => (P.last.checked === undefined ? P.last.getAttribute('aria-checked') === 'true' : P.last.checked);
  P.scroll = (to) => { scrollTo({ top: to === 'top' ? 0 : document.documentElement.scrollHeight, behavior: 'instant' }); return frame(); };
  P.element = () => P.last;
  P.box = (el) => { const r = el.getBoundingClientRect(), s = getComputedStyle(el); return { x: r.left + parseFloat(s.borderLeftWidth) + parseFloat(s.paddingLeft), y: r.top + parseFloat(s.borderTopWidth) + parseFloat(s.paddingTop) }; };
  P.turn = () => new Promise((done) => setTimeout(() => setTimeout(done, 0), 0));

  // What the secrets show is hidden before a picture is taken; their letters stay where they are.
  P.hide = (secrets, text) => {
    for (const el of all('input,textarea')) if (secrets.some((s) => el.value.includes(s))) el.style.setProperty('-webkit-text-security', 'disc', 'important');
    if (!text) return;
    for (const root of roots()) {
      const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
      for (let n; (n = walk.nextNode());) for (const s of secrets) if (n.data.includes(s)) n.data = n.data.replaceAll(s, '***');
    }
  };
  P.size = () => ({ width: Math.max(document.documentElement.clientWidth, 1), height: Math.max(document.documentElement.scrollHeight, document.body ? document.body.scrollHeight : 0, 1) });
  P.html = (limit) => '<!DOCTYPE html>\n' + document.documentElement.outerHTML.slice(0, limit);
  P.summary = async (patterns, limit) => {
    await until(300, () => v.fcp !== undefined || !document.body || !document.body.children.length); // the picture comes after the load
    await measured();
    const text = P.text();
    const hit = [];
    for (const s of patterns) { try { if (all(s).some(visible)) hit.push(s); } catch (e) { /* no selector of this browser's */ } }
    return { ...where(), text: text.slice(0, limit), length: [...fold(text)].length, matched: hit, vitals: P.vitals() };
  };

  // Web vitals, by the definitions of https://web.dev/articles/vitals. Times in milliseconds from the start of the navigation.
  const v = { inp: [] };
  let touched = false;
  const observe = (type, options, fn) => { try { new PerformanceObserver((list) => list.getEntries().forEach(fn)).observe({ type, buffered: true, ...options }); } catch (e) { /* not in this browser */ } };
  const shift = { now: 0, first: 0, last: 0 };
  if (window === top) {
    observe('paint', {}, (e) => { if (e.name === 'first-contentful-paint') v.fcp = e.startTime; });
    observe('largest-contentful-paint', {}, (e) => { v.lcp = e.startTime; });
    observe('layout-shift', {}, (e) => {
      if (e.hadRecentInput) return;
      if (shift.now && e.startTime - shift.last < 1000 && e.startTime - shift.first < 5000) shift.now += e.value;
      else { shift.now = e.value; shift.first = e.startTime; }
      shift.last = e.startTime;
      v.cls = Math.max(v.cls || 0, shift.now);
    });
    const interaction = (e) => { if (e.interactionId) v.inp.push(e.duration); };
    observe('event', { durationThreshold: 16 }, interaction);
    observe('first-input', {}, interaction);
    for (const type of ['pointerup', 'keydown']) addEventListener(type, (e) => { touched ||= e.isTrusted; }, { capture: true, passive: true });
    addEventListener('pagehide', () => { try { globalThis.__probeVitals(JSON.stringify(P.vitals())); } catch (e) { /* nobody listens */ } }, { capture: true });
  }
  // how long an interaction took is known once the frame after it is shown; the first of a page is told always, others when they are slow
  const measured = () => until(200, () => !touched || v.inp.length);
  P.left = async () => { await measured(); return P.vitals(); };
  P.vitals = () => {
    const nav = performance.getEntriesByType('navigation')[0];
    // one interaction in fifty may be as slow as it likes: https://web.dev/articles/inp
    const worst = v.inp.sort((a, b) => b - a)[Math.floor(v.inp.length / 50)];
    return { fcp: v.fcp, lcp: v.lcp, inp: worst, cls: v.cls === undefined && v.fcp !== undefined ? 0 : v.cls, ttfb: nav && nav.responseStart > 0 ? nav.responseStart : undefined,
      nav: nav && { redirect: nav.redirectEnd - nav.redirectStart, dns: nav.domainLookupEnd - nav.domainLookupStart,
        connect: (nav.secureConnectionStart > 0 ? nav.secureConnectionStart : nav.connectEnd) - nav.connectStart,
        tls: nav.secureConnectionStart > 0 ? nav.connectEnd - nav.secureConnectionStart : 0,
        processing: nav.responseStart - nav.requestStart, transfer: nav.responseEnd > 0 ? nav.responseEnd - nav.responseStart : 0 } };
  };
})();
