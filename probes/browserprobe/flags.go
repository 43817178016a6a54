package browserprobe

import "runtime"

// flags are the arguments that Chrome is started with. https://peter.sh/experiments/chromium-command-line-switches/
func flags(o Options) []string {
	args := []string{
		"--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--no-startup-window",
		"--enable-automation",
		// nothing that a person did not ask for goes over the network
		"--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-sync",
		"--disable-domain-reliability", "--disable-client-side-phishing-detection", "--metrics-recording-only", "--no-pings",
		"--disable-extensions", "--disable-component-extensions-with-background-pages",
		"--disable-breakpad", "--disable-crash-reporter", "--noerrdialogs",
		"--disable-search-engine-choice-screen", "--disable-prompt-on-repost",
		// pages run at full speed though nobody looks at their windows
		"--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
		"--force-color-profile=srgb", "--mute-audio", "--hide-scrollbars", "--password-store=basic", "--use-mock-keychain",
		"--lang=ja", "--accept-lang=ja-JP,ja",
		"--disable-features=Translate,MediaRouter,OptimizationHints,OptimizationGuideModelDownloading,AcceptCHFrame,DialMediaRouteProvider," +
			"BackForwardCache,SpareRendererForSitePerProcess,InterestFeedContentSuggestions,CertificateTransparencyComponentUpdater,AutofillServerCommunication,PaintHolding,RenderDocument",
	}
	if !o.Headed {
		args = append(args, "--headless=new", "--disable-gpu")
	}
	if o.Settings.SandboxOff {
		args = append(args, "--no-sandbox")
	}
	if runtime.GOOS == "linux" && smallSharedMemory() {
		args = append(args, "--disable-dev-shm-usage")
	}
	return append(args, o.extraFlags...)
}
