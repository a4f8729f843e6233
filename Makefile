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
FUNCTION_FLAGS := -trimpath -tags lambda.norpc -ldflags "-s -w"

.PHONY: help demo up test bench lint unit e2e generate generated build tools clean templates docs

help: ## This list.
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: build ## Both regions up, orders placed through both, every promise checked; exits 1 if one is broken.
	@$(BUILD)/twofold demo

up: build ## The same platform, left running: prints URLs, a token and what to try. DATA=folder keeps its state over restarts.
	@$(BUILD)/twofold up $(if $(DATA),-data $(DATA))

bench: build ## Figures of speed, calls and memory.
	@$(BUILD)/twofold bench

build: ## The functions as Lambda runs them, and the local cloud.
	@mkdir -p $(BUILD)/functions
	@CGO_ENABLED=0 $(GO) build $(FUNCTION_FLAGS) -o $(BUILD)/functions/ ./functions/...
	@$(GO) build -o $(BUILD)/twofold ./local/cmd/twofold

test: lint unit e2e ## Every check there is.

unit: ## Tests of all packages, with the race detector.
	$(GO) test -race $$($(GO) list ./... | grep -v /tests/e2e)

e2e: build ## The platform as a whole, through HTTP.
	TWOFOLD_FUNCTIONS=$(BUILD)/functions $(GO) test -count=1 -timeout 10m ./tests/e2e/...

lint: tools generated templates ## gofmt, vet, staticcheck, errcheck, cfn-lint, the SAM transform, generated files.
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

generate: tools ## Write everything that is generated: event types, registry stack, Go client.
	$(TOOLS)/go-jsonschema -p event -t --tags json --only-models --capitalization ID -o internal/event/event_gen.go events/schemas/*.json
	$(GO) run -C tools ./registry ../events/schemas ../stacks/schemas.yaml
	$(TOOLS)/oapi-codegen -config client/go/config.yaml openapi.yaml

generated: generate ## Fail if a generated file was out of step with its source.
	@git diff --exit-code --stat -- internal/event stacks/schemas.yaml client/go || { echo "generated files were out of step with their source: commit what 'make generate' wrote"; exit 1; }

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

docs: ## Draw docs/architecture.png from its source (needs Graphviz).
	@command -v dot >/dev/null || { echo "Graphviz is needed to draw the picture: install it (Debian: apt-get install graphviz)"; exit 1; }
	dot -Tpng -Gdpi=110 docs/architecture.dot -o docs/architecture.png

clean: ## Remove everything that was built or fetched.
	rm -rf $(BUILD) $(TOOLS)
