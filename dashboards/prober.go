package dashboards

func proberHealth() dashboard {
	return dashboard{uid: ProberUID, title: "Prober health", about: "Can we trust what the prober says?", perInstance: true}
}
