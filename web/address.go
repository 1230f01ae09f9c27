package web

import (
	"net"
	"net/netip"

	"github.com/labstack/echo/v4"
)

// addressOf says where requests come from, for the limits on tries and for the action log. X-Forwarded-For says whatever
// its sender likes: without proxies it is not read at all, and with them only what a proxy among these wrote, from the
// right up to the first address that is none of theirs. Addresses that are merely private or of this machine are trusted
// only where they are named.
func addressOf(proxies []netip.Prefix) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range proxies {
		trust = append(trust, echo.TrustIPRange(&net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}
