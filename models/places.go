package models

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones must not depend on the machine

	"github.com/biter777/countries"
	"github.com/tkuchiki/go-timezone"
)

// Place is one entry of a list to choose from: a code and what people call it.
type Place struct {
	Code string
	Name string
}

// Countries are all countries with their ISO 3166-1 alpha-2 codes, in order of name.
var Countries = sync.OnceValue(func() []Place {
	var all []Place
	for _, c := range countries.All() {
		if code := c.Alpha2(); len(code) == 2 && IsCountry(code) {
			all = append(all, Place{code, c.String()})
		}
	}
	slices.SortFunc(all, func(a, b Place) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b Place) bool { return a.Code == b.Code })
})

// IsCountry says whether code is an ISO 3166-1 alpha-2 code in capitals.
func IsCountry(code string) bool {
	if len(code) != 2 || strings.ToUpper(code) != code {
		return false
	}
	c := countries.ByName(code)
	return c != countries.Unknown && c.Alpha2() == code
}

// CountryCalled returns the code of the country that a text names, by its code or its name.
func CountryCalled(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if code := strings.ToUpper(text); IsCountry(code) {
		return code, true
	}
	code, known := countriesByName()[strings.ToLower(text)]
	return code, known
}

var countriesByName = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, c := range Countries() {
		names[strings.ToLower(c.Name)] = c.Code
	}
	return names
})

// CountryName is what people call the country, or the code itself when there is none.
func CountryName(code string) string {
	if !IsCountry(code) {
		return code
	}
	return countries.ByName(code).String()
}

// TimeZones are the IANA names of all zones in use, in order of name.
var TimeZones = sync.OnceValue(func() []string {
	names := []string{"UTC"}
	for name, info := range timezone.New().TzInfos() {
		if strings.Contains(name, "/") && !strings.HasPrefix(name, "Etc/") && !info.IsDeprecated() && IsTimeZone(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
})

// IsTimeZone says whether name is an IANA zone. Go also reads "" and "Local" as zones; they would mean the server's.
func IsTimeZone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// Currencies are the currencies that an account may have, by ISO 4217 code in order.
var Currencies = sync.OnceValue(func() []Place {
	var all []Place
	for _, c := range countries.AllCurrencies() {
		if code := c.Alpha(); IsCurrency(code) {
			all = append(all, Place{code, c.String()})
		}
	}
	slices.SortFunc(all, func(a, b Place) int { return cmp.Compare(a.Code, b.Code) })
	return slices.CompactFunc(all, func(a, b Place) bool { return a.Code == b.Code })
})
