package pages

import "offshoot/views/ui"

// FrozenMoney is what an account's people read above every page while no money moves.
func FrozenMoney() ui.Flash {
	return ui.Flash{Tone: ui.Warning, Text: "No money or units move in this account for the moment: a check of its books found something that has to be cleared up first. " +
		"Everything can still be read, and support knows of it."}
}
