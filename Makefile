.PHONY: demo test check lab bench docs proofs

demo:
	@scripts/demo

test:
	@scripts/test

check:
	@scripts/check

lab:
	@scripts/setup develop && .venv/bin/python -m lab up

bench:
	@scripts/bench

docs:
	@scripts/setup develop && .venv/bin/python -m docs.generate

proofs:
	@scripts/proofs $(PARTS)
