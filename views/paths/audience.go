package paths

import (
	"net/url"

	"offshoot/models"
)

func Audience() string { return "/audience" }

// GroupList is the list of groups from a cursor on.
func GroupList(q models.GroupQuery) string {
	return With(Audience(), url.Values{"after": {q.After}})
}
func ParseGroupQuery(from url.Values) models.GroupQuery {
	return models.GroupQuery{After: from.Get("after")}
}

func NewGroup() string                { return "/audience/groups/new" }
func Groups() string                  { return "/audience/groups" }
func Group(id models.ID) string       { return "/audience/groups/" + id.String() }
func EditGroup(id models.ID) string   { return Group(id) + "/edit" }
func DeleteGroup(id models.ID) string { return Group(id) + "/deletion" }

// ContactsFound is a group as a query finds its contacts; ContactsFile is all of them.
func ContactsFound(id models.ID, q models.ContactQuery) string {
	return With(Group(id), url.Values{"q": {q.Search}, "after": {q.After}})
}
func ParseContactQuery(from url.Values) models.ContactQuery {
	return models.ContactQuery{Search: clip(from.Get("q")), After: from.Get("after")}
}
func ContactsFile(id models.ID) string               { return Contacts(id) + ".csv" }
func Contacts(id models.ID) string                   { return Group(id) + "/contacts" }
func NewContact(id models.ID) string                 { return Contacts(id) + "/new" }
func Contact(group, contact models.ID) string        { return Contacts(group) + "/" + contact.String() }
func ContactRemoval(group, contact models.ID) string { return Contact(group, contact) + "/removal" }

func Imports(group models.ID) string         { return Group(group) + "/imports" }
func NewImport(group models.ID) string       { return Imports(group) + "/new" }
func Import(group, id models.ID) string      { return Imports(group) + "/" + id.String() }
func ImportStart(group, id models.ID) string { return Import(group, id) + "/start" }
func ImportRefused(group, id models.ID) string {
	return Import(group, id) + "/refused.csv"
}

func OptOuts() string       { return "/audience/opt-outs" }
func OptOutsFile() string   { return CSV(OptOuts(), nil) }
func OptOutRemoval() string { return OptOuts() + "/removal" }

// OptOutsFound is the list of opt-outs as a query finds it.
func OptOutsFound(q models.OptOutQuery) string {
	return With(OptOuts(), url.Values{"q": {q.Search}, "after": {q.After}})
}
func ParseOptOutQuery(from url.Values) models.OptOutQuery {
	return models.OptOutQuery{Search: clip(from.Get("q")), After: clip(from.Get("after"))}
}

// Interactive is the incoming messages as a query finds them; InteractiveFile is its file.
func Interactive() string { return "/interactive" }
func InteractiveFound(q models.InboundQuery) string {
	return With(Interactive(), inboundQuery(q))
}
func InteractiveFile(q models.InboundQuery) string {
	q.Older = ""
	return CSV(Interactive(), inboundQuery(q))
}
func ParseInboundQuery(from url.Values) models.InboundQuery {
	return models.InboundQuery{Sender: clip(from.Get("sender")), From: clip(from.Get("from")), To: clip(from.Get("to")), Older: clip(from.Get("older"))}
}
func inboundQuery(q models.InboundQuery) url.Values {
	return url.Values{"sender": {q.Sender}, "from": {q.From}, "to": {q.To}, "older": {q.Older}}
}

func ReplyRules() string                  { return "/interactive/rules" }
func NewReplyRule() string                { return "/interactive/rules/new" }
func ReplyRule(id models.ID) string       { return "/interactive/rules/" + id.String() }
func ReplyRulePause(id models.ID) string  { return ReplyRule(id) + "/pause" }
func ReplyRuleResume(id models.ID) string { return ReplyRule(id) + "/resumption" }
func ReplyRuleMove(id models.ID) string   { return ReplyRule(id) + "/move" }
func ReplyRuleRemoval(id models.ID) string {
	return ReplyRule(id) + "/removal"
}

func StaffNumbers() string { return "/staff/numbers" }
func StaffNumbersFound(search, after string) string {
	return With(StaffNumbers(), url.Values{"q": {search}, "after": {after}})
}
func StaffNumberRelease(tenant models.ID) string {
	return "/staff/numbers/" + tenant.String() + "/release"
}
