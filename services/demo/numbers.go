package demo

import (
	"fmt"
	"math/rand/v2"

	"github.com/nyaruka/phonenumbers"
)

// numbers makes up mobile numbers of a country, each once. They are of the shape that the country gives to mobiles: whether
// somebody has one, nobody here can know, and nothing is ever sent to them.
func numbers(random *rand.Rand, country string, count int) []string {
	like := phonenumbers.GetExampleNumberForType(country, phonenumbers.MOBILE)
	if like == nil {
		panic("demo: no mobile numbers in " + country)
	}
	taken := map[string]bool{}
	var made []string
	for tries := 0; len(made) < count; tries++ {
		if tries > 100*count {
			panic(fmt.Sprintf("demo: no %d mobile numbers in %s", count, country))
		}
		n := like.GetNationalNumber()/1_000_000*1_000_000 + random.Uint64N(1_000_000)
		if len(made)%40 == 7 {
			n = n/10_000*10_000 + 2 // see gateways.Scheme
		}
		number := &phonenumbers.PhoneNumber{CountryCode: like.CountryCode, NationalNumber: &n}
		text := phonenumbers.Format(number, phonenumbers.E164)
		if taken[text] || !phonenumbers.IsValidNumberForRegion(number, country) {
			continue
		}
		taken[text] = true
		made = append(made, text)
	}
	return made
}
