package web

import (
	"net/http"
	"strings"

	"github.com/mileusna/useragent"

	"offshoot/services/identity"
	"offshoot/views/pages"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

func (s *Server) listSessions(v *visit) error {
	found, more, err := s.Identity.SessionsOf(v.ctx(), v.session)
	if err != nil {
		return err
	}
	frame, err := v.frame("Sessions")
	if err != nil {
		return err
	}
	page := pages.Sessions{Frame: frame, Back: ui.Action{Label: "Settings", Href: v.settingsPath()}, More: more}
	for _, f := range found {
		page.Lines = append(page.Lines, pages.SessionLine{ID: f.ID, Device: device(f.UserAgent), Address: f.IP, SignedIn: f.CreatedAt, LastUsed: f.SeenAt,
			This: f.This, Waiting: f.Stage != identity.StageFull})
	}
	return v.page(http.StatusOK, page.View())
}

func (s *Server) deleteOneSession(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if id == v.session.ID {
		return s.deleteSession(v)
	}
	if err := s.Identity.EndSession(v.ctx(), v.session, id); err != nil {
		return err
	}
	return v.done(paths.Sessions(), "You are signed out there.")
}

func (s *Server) deleteOtherSessions(v *visit) error {
	ended, err := s.Identity.EndOtherSessions(v.ctx(), v.session)
	if err != nil {
		return err
	}
	if ended == 0 {
		return v.done(paths.Sessions(), "You were signed in nowhere else.")
	}
	return v.done(paths.Sessions(), "You are signed out everywhere else.")
}

// device is what a browser says of itself, in a few words. It may say what it likes, so nothing is decided by it.
func device(userAgent string) string {
	agent := useragent.Parse(userAgent)
	words := agent.Name
	if major, _, _ := strings.Cut(agent.Version, "."); words != "" && major != "" {
		words += " " + major
	}
	switch {
	case words == "" && agent.OS == "":
		return "Unknown device"
	case words == "":
		return agent.OS
	case agent.OS == "":
		return words
	}
	return words + " on " + agent.OS
}
