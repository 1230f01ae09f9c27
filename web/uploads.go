package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"offshoot/models"
)

const (
	maxUpload = 200 << 20
	// what may stand before the file, which together is no larger than an ordinary form
	mostFields = 50
	// uploadPause is how long nothing may arrive; the whole may take as long as it comes
	uploadPause = time.Minute
)

var errTooLargeFile = models.ErrCheckFields.At("file", "This file is larger than 200 MB. Split it.")

// upload marks a form that brings a file. Its handler reads the file as it arrives; nobody keeps it.
func upload(r route) route {
	r.upload = true
	return r
}

// uploaded is a file as it arrives.
type uploaded struct {
	Name string
	part *multipart.Part
	v    *visit
}

// Read returns what went wrong as the refusal of a form: the file is too large, or broke off.
func (f *uploaded) Read(p []byte) (int, error) {
	f.v.waitForMore()
	n, err := f.part.Read(p)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case errors.As(err, &tooLarge):
		return n, errTooLargeFile
	}
	return n, errBadForm
}

func (v *visit) waitForMore() {
	// a recorder of tests has no deadline to set
	_ = http.NewResponseController(v.Response().Writer).SetReadDeadline(time.Now().Add(uploadPause))
}

// parseUpload reads the fields that stand before the file. A form without a file is an ordinary one, whose handler says so.
func (v *visit) parseUpload() error {
	if kind, _, _ := strings.Cut(v.Request().Header.Get(echo.HeaderContentType), ";"); strings.TrimSpace(kind) != echo.MIMEMultipartForm {
		v.Request().Body = http.MaxBytesReader(v.Response(), v.Request().Body, maxBody)
		return v.parseForm()
	}
	parts, err := v.Request().MultipartReader()
	if err != nil {
		return errBadForm
	}
	v.typed = url.Values{}
	left := maxBody
	for range mostFields {
		v.waitForMore()
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return v.checkPostedIn()
		}
		if err != nil {
			return errBadForm
		}
		if part.FileName() != "" {
			v.file = &uploaded{Name: part.FileName(), part: part, v: v}
			return v.checkPostedIn()
		}
		text, err := io.ReadAll(io.LimitReader(part, int64(left)+1))
		if err != nil {
			return errBadForm
		}
		if left -= len(text); left < 0 {
			return echo.NewHTTPError(http.StatusRequestEntityTooLarge)
		}
		v.typed.Add(part.FormName(), string(text))
	}
	return errBadForm
}

// fileOf is the file that came with the form, which whoever did not choose one is asked for.
func (v *visit) fileOf() (*uploaded, error) {
	if v.file == nil {
		return nil, models.ErrCheckFields.At("file", "Choose a file.")
	}
	return v.file, nil
}

// drain takes what is left of a file that was refused: a browser that is still sending would show a broken connection and
// not the answer.
func (v *visit) drain() {
	if v.file != nil {
		_, _ = io.Copy(io.Discard, v.file)
	}
}
