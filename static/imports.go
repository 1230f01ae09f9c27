package static

import (
	"bytes"
	"path"
	"regexp"
)

// An @import of app.css names a file next to it and the layer it belongs to:
//
//	@import "buttons.css" layer(ours);
var importLine = regexp.MustCompile(`(?m)^@import "([^"]+)" layer\(([a-z]+)\);$`)

// inlineImports returns app.css with the files that it imports in their place, so that a page waits for one stylesheet
// instead of thirty. Served as they are, the files mean the same.
func inlineImports(files map[string][]byte) []byte {
	return importLine.ReplaceAllFunc(files["css/app.css"], func(line []byte) []byte {
		match := importLine.FindSubmatch(line)
		content, ok := files[path.Join("css", string(match[1]))]
		if !ok {
			return line // dist is missing, which Check reports
		}
		return bytes.Join([][]byte{[]byte("@layer "), match[2], []byte("{\n"), content, []byte("\n}")}, nil)
	})
}
