package browserprobe

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"
)

// keyModifiers are those of a chord ("Control+a"), by the names of https://www.w3.org/TR/uievents-key/#keys-modifier
var keyModifiers = map[string]kb.Modifier{
	"Alt": kb.ModifierAlt, "Control": kb.ModifierCtrl, "Ctrl": kb.ModifierCtrl, "Meta": kb.ModifierMeta, "Shift": kb.ModifierShift,
}

// namedKeys are the keys that write nothing, by the same source.
var namedKeys = map[string]string{
	"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Backspace": kb.Backspace, "Delete": kb.Delete, "Space": " ", "Insert": kb.Insert,
	"ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
	"Home": kb.Home, "End": kb.End, "PageUp": kb.PageUp, "PageDown": kb.PageDown,
	"F1": kb.F1, "F2": kb.F2, "F3": kb.F3, "F4": kb.F4, "F5": kb.F5, "F6": kb.F6, "F7": kb.F7, "F8": kb.F8, "F9": kb.F9, "F10": kb.F10, "F11": kb.F11, "F12": kb.F12,
}

// keyEvents are the events of pressing and releasing a key, or several held together. Its error names the key that there is not.
func keyEvents(chord string) ([]input.DispatchKeyEventParams, error) {
	parts := strings.Split(chord, "+")
	if strings.HasSuffix(chord, "+") && chord != "" {
		parts = append(strings.Split(strings.TrimSuffix(strings.TrimSuffix(chord, "+"), "+"), "+"), "+")
		if parts[0] == "" {
			parts = parts[1:]
		}
	}
	var modifiers kb.Modifier
	for _, name := range parts[:len(parts)-1] {
		m, ok := keyModifiers[name]
		if !ok {
			return nil, fmt.Errorf("%q in %q is no modifier key (want Alt, Control, Meta or Shift)", name, chord)
		}
		modifiers |= m
	}
	name := parts[len(parts)-1]
	key, ok := namedKeys[name]
	if !ok {
		if utf8.RuneCountInString(name) != 1 {
			return nil, fmt.Errorf("there is no key %q (want one letter, or a name such as Enter, Tab, Escape, ArrowDown)", name)
		}
		key = name
	}
	r, _ := utf8.DecodeRuneInString(key)
	var events []input.DispatchKeyEventParams
	for _, e := range kb.Encode(r) {
		if e.Type == kb.KeyChar && modifiers&^kb.ModifierShift != 0 {
			continue // a chord is a command, it writes nothing
		}
		if e.Type == kb.KeyDown && modifiers&kb.ModifierCtrl != 0 && strings.EqualFold(key, "a") {
			e.Commands = []string{"selectAll"}
		}
		e.Modifiers |= int64(modifiers)
		events = append(events, *e)
	}
	return events, nil
}
