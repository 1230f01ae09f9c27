package web

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// visit is what a handler has in hand: the request, and who makes it.
type visit struct {
	echo.Context
	server  *Server
	session identity.Session // zero on public pages of people who are not signed in
	actor   models.Actor
	typed   url.Values // the posted form; never the query
	file    *uploaded  // of a form that brings one, once its other fields are read
}

func (v *visit) ctx() context.Context { return v.Request().Context() }

// enter is the only way to a handler: it finds out who is there, and asks for the privilege that the route needs.
func (s *Server) enter(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		v := &visit{Context: c, server: s}
		if err := v.findSession(); err != nil {
			return err
		}
		if r.needs != "" {
			if v.session.ID == models.NoID {
				return errSignInFirst
			}
			if err := v.actor.Require(r.needs); err != nil {
				if v.session.Stage != identity.StageFull { // there is one thing to do first
					return v.redirect(onward(v.session.Stage, wantedPage(v)))
				}
				if v.isShutOut() {
					return v.shutOut()
				}
				if v.actor.Access != nil && slices.Contains(models.HomeOnly, r.needs) {
					return errHomeOnly
				}
				if passes[r.needs] {
					return v.redirect(paths.Home())
				}
				return err
			}
		}
		if r.fresh && !v.isFresh() {
			return v.redirect(paths.ConfirmPassword(v.pageOf()))
		}
		parse := v.parseForm
		if r.upload {
			parse = v.parseUpload
			defer v.drain()
		}
		if c.Request().Method == http.MethodPost {
			if err := parse(); err != nil {
				return err
			}
		}
		return r.handle(v)
	}
}

// passes are the privileges that a person has for a while: an access ends after its time, an activation with the password.
// Whoever comes too late for such a route has done nothing wrong.
var passes = map[models.Privilege]bool{models.ActivateAccount: true, models.EnterSecondFactor: true, models.ChoosePassword: true,
	models.EndAccess: true}

func (v *visit) findSession() error {
	token := v.cookieToken()
	if token == "" {
		return nil
	}
	session, err := v.server.Identity.Resolve(v.ctx(), token)
	if errors.Is(err, identity.ErrNoSession) {
		v.forgetCookie()
		return nil
	}
	if err != nil {
		return err
	}
	v.adopt(session)
	return nil
}

// adopt makes the request that of a session, and its id the one in the action log.
func (v *visit) adopt(session identity.Session) {
	session.Actor.Request = requestID(v)
	v.session, v.actor = session, session.Actor
	v.Set(visitKey, v) // error pages stand in the person's own frame
}

const visitKey = "visit"

var errBadForm = &models.Error{Kind: models.Invalid, Code: "bad_form", Message: "This form could not be read. Go back and send it again."}

// errOtherAccount is for a form that was opened before the person entered an account, or while they were in one.
var errOtherAccount = &models.Error{Kind: models.Conflict, Code: "other_account",
	Message: "You are in another account now than when you opened this form. Nothing was changed. Open the page again."}

func (v *visit) parseForm() error {
	kind, _, _ := strings.Cut(v.Request().Header.Get(echo.HeaderContentType), ";")
	if kind != echo.MIMEApplicationForm && kind != "" {
		return echo.NewHTTPError(http.StatusUnsupportedMediaType)
	}
	if err := v.Request().ParseForm(); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
		}
		return errBadForm
	}
	v.typed = v.Request().PostForm
	return v.checkPostedIn()
}

// checkPostedIn refuses a form that was made in another account than the person is in now.
func (v *visit) checkPostedIn() error {
	if in := v.typed.Get(ui.PostedIn); in != "" && v.session.ID != models.NoID && in != v.session.Account.ID.String() {
		return errOtherAccount
	}
	return nil
}

// field is what was typed into one field of the posted form. A value that is no text at all counts as not typed.
func (v *visit) field(name string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(v.typed.Get(name), "\x00", ""), "")
}

// id is the ID in the path. What is no ID names nothing.
func (v *visit) id(param string) (models.ID, error) {
	id, ok := models.ParseID(v.Param(param))
	if !ok {
		return models.NoID, echo.ErrNotFound
	}
	return id, nil
}

func (v *visit) origin() identity.Origin {
	return identity.Origin{IP: v.RealIP(), UserAgent: v.Request().UserAgent(), Request: requestID(v)}
}

// zone is the reader's time zone: their own where they have chosen one, and in an account that is not theirs that account's.
func (v *visit) zone() *time.Location {
	if v.actor.Access != nil {
		return v.session.Account.Zone()
	}
	return v.session.User.ZoneIn(v.session.Account)
}

// page renders a view to a buffer first, so that a failing view never leaves half a page with status 200.
func (v *visit) page(status int, view templ.Component) error {
	reader := ui.Reader{Zone: v.zone(), Country: v.session.Account.Country, Now: v.server.Store.Now()}
	if v.session.ID != models.NoID {
		reader.Account = v.session.Account.ID.String()
	}
	ctx := ui.WithReader(v.ctx(), reader)
	var page bytes.Buffer
	if err := view.Render(ctx, &page); err != nil {
		return err
	}
	return v.HTMLBlob(status, page.Bytes())
}

// redirect leads on after a form was sent, so that reloading does not send it again.
func (v *visit) redirect(path string) error { return v.Redirect(http.StatusSeeOther, path) }

// done is redirect with a sentence on the next page about what has happened.
func (v *visit) done(path, sentence string) error {
	if err := v.server.Identity.SetFlash(v.ctx(), v.session, sentence); err != nil {
		return err
	}
	return v.redirect(path)
}
