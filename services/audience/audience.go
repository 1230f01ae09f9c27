// Package audience is whom an account writes to: the groups of its contacts, and who asked not to be written to any more. It
// alone writes groups, contacts, group_members, opt_outs, imports and import_rows.
package audience
