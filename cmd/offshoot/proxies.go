package main

import (
	"fmt"
	"net/netip"
	"strings"
)

// trustedProxies are the networks whose X-Forwarded-For is believed. A network as large as everybody would let everybody
// name the address they come from, and so get around every limit that counts by it.
func (c config) trustedProxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range strings.FieldsFunc(c.Proxies, func(r rune) bool { return r == ',' || r == ' ' }) {
		if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" { // one proxy
			text = netip.PrefixFrom(addr, addr.BitLen()).String()
		}
		network, err := netip.ParsePrefix(text)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%q is no network: write 10.1.0.0/16 or fd00::/64, several with commas between", text)
		case network != network.Masked():
			return nil, fmt.Errorf("%s has an address within a network: write %s for the network", text, network.Masked())
		case network.Addr().Is4() && network.Bits() < 8, network.Addr().Is6() && network.Bits() < 16:
			return nil, fmt.Errorf("%s is too large for a network of proxies", text)
		}
		all = append(all, network)
	}
	return all, nil
}
