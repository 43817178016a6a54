package dashboards

func probeDetail() dashboard {
	return dashboard{uid: ProbeUID, title: "Probe detail", about: "What one probe saw."}
}
