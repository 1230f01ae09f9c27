package paths

import (
	"net/url"
	"strconv"

	"offshoot/models"
)

func NewSend() string                      { return "/messages/new" }
func ComposeSend() string                  { return "/messages" }
func Sends() string                        { return "/messages/sends" }
func SendsBefore(cursor string) string     { return With(Sends(), url.Values{"older": {cursor}}) }
func Send(id models.ID) string             { return Sends() + "/" + id.String() }
func SendStart(id models.ID) string        { return Send(id) + "/start" }
func SendPause(id models.ID) string        { return Send(id) + "/pause" }
func SendContinuation(id models.ID) string { return Send(id) + "/continuation" }
func SendCancellation(id models.ID) string { return Send(id) + "/cancellation" }
func SendSkipped(id models.ID) string      { return Send(id) + "/skipped" }
func SendSkippedFile(id models.ID) string  { return CSV(SendSkipped(id), nil) }
func SendSkippedAfter(id models.ID, after int64) string {
	return With(SendSkipped(id), url.Values{"after": {strconv.FormatInt(after, 10)}})
}

// WhyBlocked is the page Why was this blocked? of one's own account, SubAccountWhyBlocked that of a sub-account.
func WhyBlocked() string                       { return "/messages/why-blocked" }
func SubAccountWhyBlocked(id models.ID) string { return SubAccount(id) + "/why-blocked" }
