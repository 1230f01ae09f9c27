// Package static holds what pages load besides their HTML: styles, scripts, icons. Everything is embedded and served
// under addresses that change with the content, so that browsers may keep it for ever.
//
// css and js are ours, one file per component, and need no build. dist is copied out of npm packages by `make assets`
// and not committed.
package static

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed all:dist css js img icons.txt
var embedded embed.FS

// Prefix is where Handler is to be mounted.
const Prefix = "/static/"

// ErrNotBuilt says that the program was built before the page kit had been fetched.
var ErrNotBuilt = errors.New("static: the page kit is missing: run `make assets` and build again")

// needed are the files that no page works without.
var needed = []string{"dist/tabler.css", "dist/htmx.js", "dist/chart.js", "dist/icons.svg"}

// Check returns ErrNotBuilt when the page kit was not embedded. main calls it at start.
func Check() error { return all().check() }

func (s set) check() error {
	for _, name := range needed {
		if _, ok := s.files[name]; !ok {
			return fmt.Errorf("%w (no %s)", ErrNotBuilt, name)
		}
	}
	return nil
}

// URL is the address of a file by its path in this folder: URL("css/app.css"). It panics where there is no such file,
// which is a mistake in a page, or ErrNotBuilt.
func URL(name string) string { return all().url(name) }

func (s set) url(name string) string {
	if _, ok := s.files[name]; !ok {
		if err := s.check(); err != nil {
			panic(err)
		}
		panic("static: no file " + name)
	}
	return Prefix + s.version + "/" + name
}

// HasIcon says whether the sprite has an icon of that name.
func HasIcon(name string) bool { return all().icons[name] }

// Handler serves the files below Prefix. An address of another version, which a page rendered by another instance during
// an update holds, gets the file as it is here, not to be kept.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		set := all()
		version, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
		content, ok := set.files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
			return
		}
		head := w.Header()
		head.Set("Content-Type", types[path.Ext(name)])
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("ETag", `"`+set.version+`"`)
		if version == set.version {
			head.Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			head.Set("Cache-Control", "no-cache")
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	})
}

// types are the kinds of files that are served; anything else in the folders stays inside.
var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// set is everything that is served. One version covers all of it, so that files can name each other by relative paths.
type set struct {
	version string
	files   map[string][]byte
	icons   map[string]bool
}

var all = sync.OnceValue(func() set {
	s := set{files: map[string][]byte{}, icons: map[string]bool{}}
	err := fs.WalkDir(embedded, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || types[path.Ext(name)] == "" {
			return err
		}
		s.files[name], err = embedded.ReadFile(name)
		return err
	})
	if err != nil {
		panic(err) // what is embedded can be read
	}
	s.files["css/app.css"] = inlineImports(s.files)
	list, _ := embedded.ReadFile("icons.txt")
	for name := range strings.FieldsSeq(string(list)) {
		s.icons[name] = true
	}
	s.version = versionOf(s.files)
	return s
})

func versionOf(files map[string][]byte) string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	sum := sha256.New()
	for _, name := range names {
		fmt.Fprintf(sum, "%s %d\n", name, len(files[name]))
		sum.Write(files[name])
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}
