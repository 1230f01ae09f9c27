package funding_test

import (
	"testing"

	"offshoot/services/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }
