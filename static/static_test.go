package static

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, method, address string) *http.Response {
	t.Helper()
	recorder := httptest.NewRecorder()
	Handler().ServeHTTP(recorder, httptest.NewRequest(method, address, nil))
	return recorder.Result()
}

func TestFilesAreKeptForEver(t *testing.T) {
	for name, kind := range map[string]string{
		"css/app.css": "text/css; charset=utf-8", "js/app.js": "text/javascript; charset=utf-8", "dist/htmx.js": "text/javascript; charset=utf-8",
		"dist/icons.svg": "image/svg+xml", "dist/img/0.svg": "image/svg+xml",
	} {
		answer := get(t, "GET", URL(name))
		if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != kind || answer.Header.Get("X-Content-Type-Options") != "nosniff" ||
			answer.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || answer.ContentLength == 0 {
			t.Errorf("%s: %d %v", name, answer.StatusCode, answer.Header)
		}
	}
}

func TestHeadHasNoBody(t *testing.T) {
	answer := get(t, "HEAD", URL("css/app.css"))
	if answer.StatusCode != 200 || answer.Header.Get("Content-Length") == "" {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
}

// While instances of two versions answer side by side, a page of one asks the other.
func TestAnotherVersionsAddressIsAnsweredButNotKept(t *testing.T) {
	answer := get(t, "GET", Prefix+"0123456789abcdef/css/app.css")
	if answer.StatusCode != 200 || answer.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("%d %v", answer.StatusCode, answer.Header)
	}
}

func TestNothingElseIsServed(t *testing.T) {
	version := strings.TrimSuffix(strings.TrimPrefix(URL("css/app.css"), Prefix), "/css/app.css")
	for _, name := range []string{"", "css", "css/", "dist/", "icons.txt", "dist/README.md", "static.go", "../static.go", "css/../static.go", "package.json"} {
		if answer := get(t, "GET", Prefix+version+"/"+name); answer.StatusCode != 404 {
			t.Errorf("%q: %d", name, answer.StatusCode)
		}
	}
	if answer := get(t, "POST", URL("css/app.css")); answer.StatusCode != 405 {
		t.Errorf("POST: %d", answer.StatusCode)
	}
}

func TestWithoutTheKitItSaysWhatToRun(t *testing.T) {
	if err := Check(); err != nil {
		t.Fatal(err)
	}
	clean := set{files: map[string][]byte{"css/app.css": nil}}
	if err := clean.check(); !errors.Is(err, ErrNotBuilt) || !strings.Contains(err.Error(), "make assets") {
		t.Errorf("Check: %v", err)
	}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, ErrNotBuilt) {
			t.Errorf("URL: %v", err)
		}
	}()
	clean.url("dist/htmx.js")
}

func TestAnUnknownFileIsAMistake(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	URL("css/missing.css")
}

func TestTheVersionFollowsTheContent(t *testing.T) {
	one := versionOf(map[string][]byte{"a": []byte("1"), "b": []byte("2")})
	for _, other := range []map[string][]byte{{"a": []byte("1"), "b": []byte("3")}, {"a": []byte("12"), "b": nil}, {"c": []byte("1"), "b": []byte("2")}} {
		if versionOf(other) == one {
			t.Errorf("%v has the same version", other)
		}
	}
	if versionOf(map[string][]byte{"b": []byte("2"), "a": []byte("1")}) != one {
		t.Error("the order matters")
	}
}

// A file that app.css forgets would silently style nothing.
func TestEveryStylesheetIsInTheOne(t *testing.T) {
	source, err := os.ReadFile("css/app.css")
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(os.DirFS("css"), "*.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if name != "app.css" && !strings.Contains(string(source), `@import "`+name+`" layer(ours);`) {
			t.Errorf("app.css does not import %s", name)
		}
	}
	if whole := string(all().files["css/app.css"]); strings.Contains(whole, `@import "`) {
		t.Error("app.css still imports something")
	} else if strings.Count(whole, "{") != strings.Count(whole, "}") {
		t.Error("braces don't match")
	}
}

// The content security policy allows nothing but our own files.
func TestStylesLoadNothingFromOutside(t *testing.T) {
	address := regexp.MustCompile(`url\(["']?([^"')]*)`)
	for name, content := range all().files {
		if path.Ext(name) != ".css" {
			continue
		}
		for _, match := range address.FindAllStringSubmatch(string(content), -1) {
			if _, ok := all().files[path.Join(path.Dir(name), match[1])]; !ok {
				t.Errorf("%s loads %q", name, match[1])
			}
		}
	}
}

func TestEveryIconIsInTheSprite(t *testing.T) {
	sprite := string(all().files["dist/icons.svg"])
	for name := range all().icons {
		if !strings.Contains(sprite, `id="`+name+`"`) {
			t.Errorf("no %s: run `make assets`", name)
		}
	}
	if !HasIcon("plus") || HasIcon("no-such-icon") {
		t.Error("HasIcon")
	}
}

// The build takes exactly what was tried, from whichever registry the machine uses.
func TestPackagesArePinned(t *testing.T) {
	var manifest struct{ Dependencies, DevDependencies map[string]string }
	readJSON(t, "package.json", &manifest)
	exact := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	for _, group := range []map[string]string{manifest.Dependencies, manifest.DevDependencies} {
		for name, version := range group {
			if !exact.MatchString(version) {
				t.Errorf("%s is %q", name, version)
			}
		}
	}
	var lock struct {
		Packages map[string]struct{ Version, Resolved, Integrity string }
	}
	readJSON(t, "package-lock.json", &lock)
	for name, entry := range lock.Packages {
		if name != "" && (entry.Resolved != "" || !strings.HasPrefix(entry.Integrity, "sha512-")) {
			t.Errorf("%s: resolved %q, integrity %q", name, entry.Resolved, entry.Integrity)
		}
	}
	if len(lock.Packages) < 6 || lock.Packages["node_modules/@tabler/core"].Version != manifest.Dependencies["@tabler/core"] {
		t.Errorf("%d packages", len(lock.Packages))
	}
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}
