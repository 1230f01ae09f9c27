package web

import (
	"net/http"
	"strings"

	"offshoot/views/exports"
)

// download streams a file: what is exported goes row by row into the sheet, which holds back its first part, so that a
// refusal still becomes an error page. What fails later cuts the connection: a cut file must not look whole.
func download[T any](v *visit, name string, sheet func() *exports.Sheet[T], export func(each func(T) error) error) error {
	v.Response().Header().Set("Content-Type", exports.ContentType)
	v.Response().Header().Set("Content-Disposition", `attachment; filename="`+strings.ReplaceAll(name, `"`, "")+`"`)
	s := sheet()
	err := export(s.Write)
	if err == nil {
		err = s.Close()
	}
	if err == nil {
		return nil
	}
	if v.Response().Committed {
		v.server.Log.Error("a file was cut", "id", requestID(v), "route", v.Path(), "err", err)
		panic(http.ErrAbortHandler)
	}
	v.Response().Header().Del("Content-Disposition")
	return err
}
