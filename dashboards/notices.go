package dashboards

func notices() dashboard {
	return dashboard{uid: NoticesUID, title: "Notices", about: "What the operator says."}
}
