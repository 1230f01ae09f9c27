package web

import (
	"net/http"
	"time"

	"offshoot/services/identity"
)

// cookieName has the __Host- prefix where cookies are secure: browsers then take it from this host and path only.
func (s *Server) cookieName() string {
	if s.Secure {
		return "__Host-session"
	}
	return "session"
}

func (v *visit) cookieToken() identity.Token {
	cookie, err := v.Cookie(v.server.cookieName())
	if err != nil {
		return ""
	}
	return identity.Token(cookie.Value)
}

// remember puts a session into the browser, until it is closed: the session's own end stands in the database.
func (v *visit) remember(token identity.Token) {
	v.SetCookie(v.server.cookie(string(token), 0))
}

// become goes on as the session of a new token, so that the sentence for the next page is kept where that page looks.
func (v *visit) become(token identity.Token) error {
	v.remember(token)
	session, err := v.server.Identity.Resolve(v.ctx(), token)
	if err != nil {
		return err
	}
	v.adopt(session)
	return nil
}

func (v *visit) forgetCookie() { v.SetCookie(v.server.cookie("", -1)) }

// deviceName is the cookie by which a browser is known to people who have signed in there. It stays when they sign out.
func (s *Server) deviceName() string {
	if s.Secure {
		return "__Host-device"
	}
	return "device"
}

func (v *visit) device() string {
	cookie, err := v.Cookie(v.server.deviceName())
	if err != nil {
		return ""
	}
	return cookie.Value
}

func (v *visit) rememberDevice(device string) {
	c := v.server.cookie(device, int(identity.DeviceTTL.Seconds()))
	c.Name = v.server.deviceName()
	v.SetCookie(c)
}

func (s *Server) cookie(value string, maxAge int) *http.Cookie {
	c := &http.Cookie{Name: s.cookieName(), Value: value, Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode, MaxAge: maxAge}
	if maxAge < 0 {
		c.Expires = time.Unix(1, 0)
	}
	return c
}
