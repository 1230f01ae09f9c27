package web

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"offshoot/models"
	"offshoot/services/identity"
	"offshoot/services/ledger"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

var (
	errSignInFirst = errors.New("web: sign in first")
	errHomeOnly    = &models.Error{Kind: models.Forbidden, Code: "home_only",
		Message: "Only the account's own people can do this. Return to your own account to change what is yours."}
	errCrossOrigin = &models.Error{Kind: models.Forbidden, Code: "cross_origin",
		Message: "This form was sent from another site. Open the page here and send it again."}
)

// statusOf is the only place where a refusal becomes an HTTP status.
func statusOf(err error) int {
	var rule *models.Error
	var answer *echo.HTTPError
	switch {
	case errors.As(err, &rule):
		switch rule.Kind {
		case models.Invalid:
			return http.StatusUnprocessableEntity
		case models.NotFound:
			return http.StatusNotFound
		case models.Forbidden:
			return http.StatusForbidden
		case models.Conflict:
			return http.StatusConflict
		case models.TooMany:
			return http.StatusTooManyRequests
		case models.Busy:
			return http.StatusServiceUnavailable
		}
	case errors.As(err, &answer):
		return answer.Code
	}
	return http.StatusInternalServerError
}

// formStatus is the status of a form that comes back: what a person can correct in it is 422 whatever the rule's kind. Nothing
// that is typed there makes money move that is frozen.
func formStatus(err error) int {
	if errors.Is(err, ledger.ErrFrozen) {
		return http.StatusConflict
	}
	if status := statusOf(err); status != http.StatusConflict {
		return status
	}
	return http.StatusUnprocessableEntity
}

// refusalOf says whether the person can do something about err in the form it came from. If so the form comes back with
// the sentence and the fields; everything else is an error page.
func refusalOf(err error) (*models.Error, bool) {
	var rule *models.Error
	if errors.As(err, &rule) && (rule.Kind == models.Invalid || rule.Kind == models.Conflict) {
		return rule, true
	}
	return nil, false
}

// answerError is where every error that a handler returns ends.
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		s.Log.Error("failed after the answer had begun", "id", requestID(c), "route", c.Path(), "err", err)
		return
	}
	if errors.Is(err, errSignInFirst) {
		_ = c.Redirect(http.StatusSeeOther, signInThen(c))
		return
	}
	status := statusOf(err)
	if status == http.StatusInternalServerError {
		s.Log.Error("failed", "id", requestID(c), "route", c.Path(), "err", err)
	}
	v, inside := c.Get(visitKey).(*visit)
	if !inside {
		v = &visit{Context: c, server: s, session: identity.Session{Account: models.Account{TimeZone: "UTC"}}}
	}
	inside = inside && v.session.Stage == identity.StageFull // an activation has no menu to stand beside
	page := layouts.ErrorPage{Inside: inside, Title: titles[status], Text: texts[status], RequestID: requestID(c),
		Action: &ui.Action{Label: "Go to the start page", Href: paths.Home()}}
	var rule *models.Error
	if errors.As(err, &rule) {
		page.Text = rule.Message
		v.retryAfter(rule)
	}
	if page.Title == "" {
		page.Title = http.StatusText(status)
	}
	page.Frame = v.bareFrame(page.Title)
	if failed := v.page(status, page); failed != nil {
		s.Log.Error("the error page failed", "id", requestID(c), "err", failed)
		_ = c.String(http.StatusInternalServerError, "Something went wrong. Request "+requestID(c))
	}
}

// retryAfter tells programs what the sentence tells people.
func (v *visit) retryAfter(refused *models.Error) {
	if refused != nil && refused.After > 0 {
		v.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(refused.After.Seconds()))))
	}
}

// signInThen is the sign-in page, which leads back to a page that was asked for. What was posted is not repeated.
func signInThen(c echo.Context) string {
	return paths.With(paths.SignIn(), url.Values{"next": {wantedPage(c)}})
}

// wantedPage is the page that was asked for, to be opened later; "" for the start page, and for what was posted.
func wantedPage(c echo.Context) string {
	if c.Request().Method != http.MethodGet || c.Request().URL.Path == paths.Home() {
		return ""
	}
	return c.Request().URL.RequestURI()
}

var titles = map[int]string{
	http.StatusNotFound:              "There is nothing here",
	http.StatusForbidden:             "You may not do this",
	http.StatusMethodNotAllowed:      "This cannot be done here",
	http.StatusConflict:              "This cannot be done now",
	http.StatusUnprocessableEntity:   "Something is not right",
	http.StatusRequestEntityTooLarge: "This is too large",
	http.StatusUnsupportedMediaType:  "This form could not be read",
	http.StatusTooManyRequests:       "Too many tries",
	http.StatusServiceUnavailable:    "Just a moment",
	http.StatusInternalServerError:   "Something went wrong",
}

var texts = map[int]string{
	http.StatusNotFound:              "The page does not exist, or it belongs to an account that you cannot see.",
	http.StatusMethodNotAllowed:      "The address is right, but not for this kind of request.",
	http.StatusRequestEntityTooLarge: "Forms may hold two megabytes.",
	http.StatusUnsupportedMediaType:  "The portal takes ordinary forms only.",
	http.StatusInternalServerError:   "It is not your fault, and nothing was changed. Try again; if it stays, tell the support the number below.",
}

// asRefusal is errors.As for a rule that refused.
func asRefusal(err error, target **models.Error) bool { return errors.As(err, target) }
