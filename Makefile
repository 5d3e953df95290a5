# crs: build, test, measure. `make` lists the targets.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Who publishes releases sets these: a minisign public key, and where crs update looks.
RELEASE_KEY ?=
RELEASE_FROM ?=
LDFLAGS = -s -w -X main.version=$(VERSION) -X main.releaseKey=$(RELEASE_KEY) -X main.releaseFrom=$(RELEASE_FROM)
GO ?= go
# Most tests wait for something most of the time, so more of them run than there are processors; with the race detector they compute.
AT_ONCE = -p $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))
WAITING = -parallel $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))
# Nobody debugs the programs that tests are: without DWARF they are linked in half the time. Stack traces have their lines all the same.
LINK = -ldflags=-w
# archtest only reads the source; the scripts of cmd/crs run one command after another, each in a process of its own; translate starts no
# goroutine; the simulator answers in the tests of all the others.
NOT_RACED = -e /archtest -e /cmd/crs -e /translate -e /simulator
# SQLite is a translation from C whose locks are in another package: its own reads and writes are its authors' to watch.
RACE = -race -gcflags=modernc.org/sqlite/lib=-race=false
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

.PHONY: build
build: ## build bin/crs
	@echo "== build bin/crs $(VERSION)"
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)" -o bin/crs ./cmd/crs

.PHONY: demo
demo: build ## see it work: a relay with a simulated provider answers, and counts what it cost
	@echo "== demo"
	@bin/crs demo

.PHONY: test
test: ## run all the tests; the store that nodes share runs on a redis-server where one is in the PATH
	@echo "== test (Redis: $$(redis-server --version 2>/dev/null || echo 'miniredis; there is no redis-server in the PATH'))"
	@$(GO) test -vet=off $(LINK) $(AT_ONCE) $(WAITING) ./...

.PHONY: race
race: ## run the tests with the race detector, property tests with fewer sequences
	@echo "== race"
	@$(GO) test $(RACE) $(LINK) -short -vet=off -timeout 30m $(AT_ONCE) $$($(GO) list ./... | grep -v $(NOT_RACED))

.PHONY: lint
lint: ## gofmt, vet, staticcheck, a tidy go.mod, and that every system we ship for compiles
	@echo "== lint"
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	@$(GO) vet -tags e2e,bench ./... && $(GO) vet -tags setclock ./cmd/crs
	@$(GO) run $(STATICCHECK) -tags e2e,bench ./...
	@$(GO) mod tidy -diff
	@for os in darwin windows; do echo "   $$os" && GOOS=$$os CGO_ENABLED=0 $(GO) build -gcflags='all=-N -l' -o /dev/null ./cmd/crs || exit 1; done

.PHONY: fuzz
fuzz: ## run each fuzz target, for 20 seconds or 3 (FUZZ_S and FUZZ_REST_S change that)
	@echo "== fuzz"
	@.ci/fuzz

.PHONY: e2e
e2e: build ## tests of the real binary: real clients, kill -9 (needs node, npm, tmux and nginx)
	@echo "== e2e"
	@CRS_TEST_BIN=$(CURDIR)/bin/crs $(GO) test -tags e2e -count=1 -timeout 20m ./e2e/...

.PHONY: hostile
hostile: build ## one key attacks: what the relay holds, and what others' small requests take; prints a table
	@echo "== hostile"
	@CRS_TEST_BIN=$(CURDIR)/bin/crs CRS_TEST_SUITE=hostile $(GO) test -tags e2e -count=1 -timeout 20m -v -run '^TestHostile$$' ./e2e

.PHONY: faults
faults: build ## disks, stores, clocks and processes fail under load, and heal: what was served against the ledger; prints a table (root, redis-server)
	@echo "== faults"
	@$(GO) build -tags setclock -o bin/crs-setclock ./cmd/crs
	@CRS_TEST_CLOCK_BIN=$(CURDIR)/bin/crs-setclock CRS_TEST_BIN=$(CURDIR)/bin/crs CRS_TEST_SUITE=faults $(GO) test -tags e2e -count=1 -parallel 2 -timeout 20m -v -run '^TestFaults$$' ./e2e

.PHONY: pictures
pictures: build ## draw the dashboard's screens into docs/pictures, from the real program (needs tmux)
	@echo "== pictures"
	@CRS_TEST_BIN=$(CURDIR)/bin/crs CRS_TEST_PICTURES=$(CURDIR)/docs/pictures $(GO) test -tags e2e -count=1 -run '^TestPictures$$' ./e2e

.PHONY: bench
bench: build ## measure CPU, memory and latency against a bare proxy; writes the table of docs/performance.md
	@echo "== bench"
	@$(GO) run ./lab/bench -crs bin/crs -write docs/performance.md

.PHONY: bench-redis
bench-redis: build ## commands of Redis for each request, and the latency they add (needs redis-server)
	@echo "== bench-redis"
	@$(GO) run ./lab/bench nodes -crs bin/crs

.PHONY: bench-dashboard
bench-dashboard: build ## measure what the dashboard costs itself and the daemon; writes its table of docs/performance.md
	@echo "== bench-dashboard"
	@CRS_TEST_BIN=$(CURDIR)/bin/crs CRS_TEST_WRITE=$(CURDIR)/docs/performance.md $(GO) test -tags e2e,bench -count=1 -v -timeout 20m -run TheDashboardUnderLoad ./e2e

RELEASE_TARGETS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
.PHONY: release
release: ## build a release into dist/: binaries, packages, SBOMs, checksums, signatures, manifest
	@echo "== release $(VERSION)"
	@VERSION="$(VERSION)" RELEASE_TARGETS="$(RELEASE_TARGETS)" RELEASE_FROM="$(RELEASE_FROM)" GO="$(GO)" packaging/release

.PHONY: clean
clean: ## remove what was built
	@rm -rf bin dist
