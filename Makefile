# On a fresh Debian machine with Go, `make run` and `make test` do everything, down to installing what is missing.

GO         ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
PACKAGES    = ./...

.PHONY: help setup run build assets test check bench bank mutants screenshots generate fmt clean generated formatted vet lint tests race waiting unscoped elsewhere operator bank-minute

help: ## what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what a Debian machine lacks for make run
	@./.ci/setup run

run: ## the portal with a demo world and a PostgreSQL of its own, at 127.0.0.1:8080
	@./.ci/setup run
	@$(MAKE) --no-print-directory build
	./bin/offshoot run

build: assets ## the program, bin/offshoot
	$(GO) build -buildvcs=false -o bin/offshoot ./cmd/offshoot

test: ## all tests
	@./.ci/setup test
	$(MAKE) --no-print-directory assets operator
	$(GO) test $(PACKAGES)

check: assets operator generated formatted vet lint tests unscoped elsewhere bank-minute ## all that must hold before a change lands
	@echo "check: all is well"

bench: assets ## the figures that the project promises
	$(GO) test -run '^$$' -bench . -timeout 60m ./services/... ./web

mutants: assets operator ## known mistakes, put in one at a time: does the suite catch each
	$(GO) run ./cmd/mutants

screenshots: assets ## the pictures of the README
	$(GO) test -tags pictures ./web -run Pictures -count=1

# --- what pages load, copied out of npm packages into static/dist, which Go embeds

assets: static/dist/tabler.css ## styles, scripts and icons

static/node_modules/.package-lock.json: static/package.json static/package-lock.json
	cd static && npm ci --ignore-scripts
	@touch $@

static/dist/tabler.css: static/node_modules/.package-lock.json static/build.mjs static/tabler.mjs static/icons.txt
	cd static && npm run build
	@touch $@

# --- the mobile operator behind the Kannel of tests

operator: services/gateways/kanneltest/node_modules/.package-lock.json

services/gateways/kanneltest/node_modules/.package-lock.json: services/gateways/kanneltest/package.json services/gateways/kanneltest/package-lock.json
	cd services/gateways/kanneltest && npm ci --ignore-scripts
	@touch $@

# --- sources that are made of others

generate: ## *_templ.go from *.templ
	$(GO) tool templ generate -path views

fmt: generate ## sources in their standard form
	$(GO) tool templ fmt views
	gofmt -w $$($(GO) list -f '{{.Dir}}' $(PACKAGES))

# --- the parts of check

generated:
	@sums() { find views -name '*_templ.go' | LC_ALL=C sort | xargs sha256sum; }; \
	before="$$(sums)" && $(GO) tool templ generate -path views && \
	if [ "$$before" != "$$(sums)" ]; then echo "check: *_templ.go were not current; they are now, look at them and commit them" >&2; exit 1; fi

formatted:
	@unformatted="$$(gofmt -l $$($(GO) list -f '{{.Dir}}' $(PACKAGES)))" && \
	if [ -n "$$unformatted" ]; then echo "check: make fmt would change:" >&2; echo "$$unformatted" >&2; exit 1; fi

vet: assets
	$(GO) vet $(PACKAGES)

lint: assets
	$(GO) run $(STATICCHECK) $(PACKAGES)

# Each package's tests start a private PostgreSQL of their own. Some mostly wait, for a browser or for a portal that starts: they
# run beside the others, and under the race detector only where many ask at once.
WAITING = offshoot/web offshoot/cmd/offshoot offshoot/services/demo offshoot/views/internal/gallery
# large files, read by one: unscoped has them without the detector
BULKY   = ImportThatIsCutOff|FilesThatCannotBeImported
CROWDED = Once|Race|Crowd|Slow|Patien|Kannel|Callback|Health|Limits|InFlight

tests:
	$(MAKE) --no-print-directory -j2 --output-sync=target race waiting

race: assets operator
	$(GO) test -race -p 1 -timeout 25m -vet=off -skip '$(BULKY)' $(filter-out $(WAITING),$(shell $(GO) list $(PACKAGES)))
	$(GO) test -race -p 1 -timeout 10m -vet=off ./web ./cmd/offshoot -run '$(CROWDED)'

waiting: assets operator
	$(GO) test -p 1 -timeout 25m -vet=off $(WAITING)

# Services whose every condition on a tenant was taken away: row-level security alone keeps tenants apart. Without them no
# index serves, and the models of rules that are not about tenants would take minutes; so would collecting a group of thousands.
unscoped: assets
	OFFSHOOT_TEST_UNSCOPED=1 $(GO) test -count=1 -timeout 10m -skip 'UsesIndexes|ReadsItsSpan|TheirModel|ItsModel|GroupIsCollectedOnce' ./services/identity ./services/accounts ./services/ledger \
		./services/notify ./services/reports ./services/audience ./services/billing ./services/inbound ./services/messaging ./services/senders ./services/sharing ./services/usage

# The same on a server elsewhere, which DATABASE_URL names, but for what runs on a private one, and what spoils books: to pass
# triggers takes a superuser.
elsewhere: assets
	./.ci/with-postgres $(GO) test -count=1 -timeout 10m -skip 'OnAPrivatePostgreSQL|OfARunningPortal|TestVerify$$' ./services/store ./services/accounts ./cmd/offshoot

# The bank: many people at a running portal that is killed and cut off, see cmd/offshoot/banktest. It prints its seed; SEED=… makes
# the same plan again.
bank-minute: assets
	$(GO) build -buildvcs=false -tags clock -o bin/offshoot-clock ./cmd/offshoot
	$(GO) build -buildvcs=false -o bin/bank ./cmd/offshoot/banktest
	./bin/bank -offshoot ./bin/offshoot-clock -for 60s $(if $(SEED),-seed $(SEED))

FAULTS ?= 100
bank: assets ## the bank for FAULTS=1000 faults, with the plan of SEED=…
	$(GO) build -buildvcs=false -tags clock -o bin/offshoot-clock ./cmd/offshoot
	$(GO) build -buildvcs=false -o bin/bank ./cmd/offshoot/banktest
	./bin/bank -offshoot ./bin/offshoot-clock -faults $(FAULTS) $(if $(SEED),-seed $(SEED)) $(BANK)

clean: ## what was built; the data in .offshoot stays
	rm -rf bin static/node_modules services/gateways/kanneltest/node_modules
	find static/dist static/axetest/dist -mindepth 1 ! -name README.md -delete
