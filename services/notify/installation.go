package notify

import (
	"errors"
	"net/url"
	"strings"
)

// Installation is how mails and texts call the installation, and where its pages are. Both come from the configuration;
// a Host header is somebody else's word, and a link made of it would carry a password away.
type Installation struct {
	Name      string
	PublicURL string // such as https://portal.example.com
}

// Check says what is wrong with it.
func (in Installation) Check() error {
	u, err := url.Parse(in.PublicURL)
	switch {
	case strings.TrimSpace(in.Name) == "" || in.Name != oneLine(in.Name):
		return errors.New("the installation needs a name of one line")
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return errors.New("the public URL must be a whole one, such as https://portal.example.com")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("the public URL ends after its host, port and path")
	}
	return nil
}

// Link is the public address of a path that starts with a slash.
func (in Installation) Link(path string) string { return strings.TrimRight(in.PublicURL, "/") + path }
