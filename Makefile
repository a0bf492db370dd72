# Everything goes through the CLI (npm run vectadb -- COMMAND); these are its everyday commands.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo up down status logs clean scale topics produce consume test test-faults test-faults-mutants fuzz-api soak accuracy build install

FAULTS = node --enable-source-maps dist/tests/faults/main.js
VECTADB = node --enable-source-maps dist/services/cli/main.js
# make logs SERVICE=processor, make scale SERVICE=processor N=3, make produce TOPIC=raw-logs FILE=agent.log
need = @test -n "$($(1))" || { echo "$(1)= is missing: make $@ $(2)" >&2; exit 2; }

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | awk -F'|' '{ printf "  make %-20s %s\n", $$1, $$2 }'

demo: build ## start everything, send the logs of three agents, show their traces
	@$(VECTADB) demo $(ARGS)

up: build ## install what is missing, start everything, wait until it is ready
	@$(VECTADB) up $(ARGS)

down: build ## end everything; what was stored stays
	@$(VECTADB) down

status: build ## every component with its state and address
	@$(VECTADB) status $(ARGS)

logs: build ## last log lines: SERVICE=processor, of all without it
	@$(VECTADB) logs $(SERVICE) $(ARGS)

clean: build ## end everything and remove what was stored
	@$(VECTADB) clean $(ARGS)

scale: build ## so many instances of a service: SERVICE=processor N=3
	$(call need,SERVICE,SERVICE=processor N=3)
	$(call need,N,SERVICE=processor N=3)
	@$(VECTADB) scale $(SERVICE) $(N)

topics: build ## the topics of the cluster, and what apply would change
	@$(VECTADB) topics list
	@$(VECTADB) topics plan

produce: build ## send the lines of a file: TOPIC=raw-logs FILE=agent.log
	$(call need,TOPIC,TOPIC=raw-logs FILE=agent.log)
	$(call need,FILE,TOPIC=raw-logs FILE=agent.log)
	@$(VECTADB) produce $(TOPIC) --file "$(FILE)" $(ARGS)

consume: build ## print a topic, decoded: TOPIC=agent-events
	$(call need,TOPIC,TOPIC=agent-events)
	@$(VECTADB) consume $(TOPIC) $(ARGS)

test: build ## types, style and every test, on a fresh machine too
	@node scripts/test.mjs

test-faults: build ## faults against the whole system, compared with a run without any: ARGS="--row NAME --seed N", RESUME=1
	@$(FAULTS) $(if $(RESUME),--resume) $(ARGS)
	@SEEDS=$(or $(SEEDS),50) $(if $(SEED),SEED=$(SEED)) npx --no-install vitest run --project cloudwatch property

test-faults-mutants: build ## takes out what the guarantees rest on, one at a time: each must turn a row red
	@$(FAULTS) --mutants $(ARGS)

fuzz-api: build ## requests made up from the OpenAPI document, for MINUTES=10; ARGS="--seed N"
	@node --enable-source-maps dist/tests/fuzz-api/main.js --minutes $(or $(MINUTES),10) $(ARGS)

soak: build ## a steady load at 70 % for MINUTES=60, with a kill every few minutes
	@node --enable-source-maps dist/tests/faults/soak.js --minutes $(or $(MINUTES),60) $(ARGS)

accuracy: build ## how well lines find their traces; ARGS="--errors", ARGS=--write for docs/accuracy.md
	@node --enable-source-maps dist/services/simulator/accuracy/main.js $(ARGS)

install: node_modules/.installed

build: node_modules/.installed
	@node scripts/build.mjs --quiet

node_modules/.installed: package-lock.json
	@sh deploy/local/need-node.sh
	npm ci --no-audit --no-fund
	@touch $@
