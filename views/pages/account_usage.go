package pages

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"offshoot/models"
	"offshoot/views/layouts"
	"offshoot/views/paths"
	"offshoot/views/ui"
)

// AccountUsage are the packages that an account has to do with (SHR-2).
type AccountUsage struct {
	Frame    layouts.Frame
	Packages []models.UsedPackage // those that have not ended first
	Now      time.Time
	Parent   string // name of the parent account
	MayShare bool
	MayShop  bool
	MayRead  bool // the statement
}

func (p AccountUsage) current() []models.UsedPackage { return p.ended(false) }

func (p AccountUsage) ended(ended bool) []models.UsedPackage {
	var some []models.UsedPackage
	for _, pkg := range p.Packages {
		if pkg.HasEnded(p.Now) == ended {
			some = append(some, pkg)
		}
	}
	return some
}

// shownEnded is how many packages that are over the page lists, the last of them first.
const shownEnded = 50

func (p AccountUsage) over() []models.UsedPackage {
	all := p.ended(true)
	last := make([]models.UsedPackage, 0, min(len(all), shownEnded))
	for i := len(all) - 1; i >= 0 && len(last) < shownEnded; i-- {
		last = append(last, all[i])
	}
	return last
}

func (p AccountUsage) store() *ui.Action {
	if !p.MayShop {
		return nil
	}
	return &ui.Action{Label: "Buy a package", Href: paths.Store(), Icon: "building-store"}
}

// UnitsForm is what a form that gives units holds, as typed: the package or the sub-account stands in the address.
type UnitsForm struct{ Package, Account, Units, Key string }

// SharedPackage is the page on which a package is shared.
type SharedPackage struct {
	Frame   layouts.Frame
	Package models.UsedPackage
	Version int                 // of the setting
	Setting models.ShareSetting // as chosen
	Holders models.PackageHolders
	First   bool // page of the holders
	Names   []string
	Form    UnitsForm
	Now     time.Time
	Refused *models.Error
}

func (p SharedPackage) isOver() bool { return p.Package.HasEnded(p.Now) }

func (p SharedPackage) pager() ui.Pager {
	var pager ui.Pager
	if !p.First {
		pager.First = paths.Package(p.Package.ID)
	}
	if p.Holders.Next != "" {
		pager.Older = paths.PackagePage(p.Package.ID, p.Holders.Next)
	}
	return pager
}

// settingCards are what there is to choose from, each with what becomes of units that were given.
func (p SharedPackage) settingCards() []ui.RadioCard {
	return []ui.RadioCard{
		{Value: string(models.OnlyMe), Label: models.OnlyMe.Label(), Icon: "lock", Help: "No sub-account uses it. Possible once all units are taken back."},
		{Value: string(models.Public), Label: models.Public.Label(), Icon: "users-group", Help: "Every sub-account draws on what you hold, without a limit of its own. Units that you gave stay with those who have them."},
		{Value: string(models.Custom), Label: models.Custom.Label(), Icon: "share", Help: "Only those to whom you give units. It becomes this by itself with the first."},
	}
}

// packageBar divides a package of the reader's account.
func packageBar(ctx context.Context, p models.UsedPackage, over bool) ui.SplitBar {
	bar := ui.SplitBar{Label: ui.CountText(ctx, p.Used) + " of " + units(ctx, p.Units) + " used, " + ui.CountText(ctx, p.Shared) + " shared, " + ui.CountText(ctx, p.Left) + " left",
		Parts: []ui.BarPart{barPart(ctx, "Used", p.Used)}}
	if over {
		bar.Label = ui.CountText(ctx, p.Used) + " of " + units(ctx, p.Units) + " used, " + ui.CountText(ctx, p.Gone) + " ended unused"
		bar.Parts = append(bar.Parts, barPart(ctx, "Ended unused", p.Gone))
		return bar
	}
	bar.Parts = append(bar.Parts, barPart(ctx, "Shared", p.Shared), barPart(ctx, "Left", p.Left))
	return bar
}

// heldBar divides what a sub-account was given.
func heldBar(ctx context.Context, p models.UsedPackage) ui.SplitBar {
	used := max(p.Given-p.Left, 0)
	return ui.SplitBar{Label: ui.CountText(ctx, used) + " of " + units(ctx, p.Given) + " used, " + ui.CountText(ctx, p.Left) + " left",
		Parts: []ui.BarPart{barPart(ctx, "Used", used), barPart(ctx, "Left", p.Left)}}
}

func barPart(ctx context.Context, label string, n int64) ui.BarPart {
	return ui.BarPart{Label: label, Amount: decimal.NewFromInt(n), Text: ui.CountText(ctx, n)}
}

// packageOptions are packages to give units of, each with what is left.
func packageOptions(ctx context.Context, packages []models.UsedPackage) []ui.Option {
	var options []ui.Option
	for _, p := range packages {
		options = append(options, ui.Option{Value: p.ID.String(), Label: p.Name + " – " + units(ctx, p.Left) + " left, until " + ui.DateText(ctx, p.ExpiresAt)})
	}
	return options
}
