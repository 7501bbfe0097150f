# 红烛暖心 · hongzhu. Run `make` alone to see what can be done; nothing but make, git and Python 3.11 with venv is needed.
PYTHON ?= python3
ARGS ?=

BIN := .venv/bin
MANIFESTS := pyproject.toml uv.lock shared/pyproject.toml $(wildcard services/*/pyproject.toml plugins/*/pyproject.toml)

export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
export UV_PYTHON_DOWNLOADS := never
export UV_HTTP_TIMEOUT ?= 180

.DEFAULT_GOAL := help
.PHONY: help demo up test check prove bench screenshots lock setup

help:
	@echo '红烛暖心 · hongzhu    make 目标 [ARGS="…"]'
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# `exec` hands the terminal to the program, so that Ctrl-C reaches it and it can stop in order.
demo: setup ## 试用：全套系统与永安的数据，Ctrl-C 结束 · try it all with Yong'an's data, Ctrl-C ends it (ARGS=--once)
	@exec $(BIN)/hongzhu demo $(ARGS)

up: setup ## 运行已安装的全部服务和部门插件 · run every installed service and plugin
	@exec $(BIN)/hongzhu up $(ARGS)

test: setup ## 运行测试，缺少的服务器会说明并跳过 · run the tests; a missing server is named and skipped
	@exec $(BIN)/pytest -n auto --dist worksteal $(ARGS)

check: setup ## 检查格式、写法、类型和引用规则 · format, lint, types, import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python tests/house/imports.py

prove: setup ## 长时间的证明：断电、混乱、隔离，逐项计数 · the long proofs, each printing its counts
	@exec $(BIN)/python -m tests.proofs $(ARGS)

bench: setup ## 性能测量，写入 benchmarks/results.md · the benchmarks, written to benchmarks/results.md
	@$(BIN)/uv sync --quiet --frozen --all-packages --group bench
	@exec $(BIN)/python benchmarks/run.py $(ARGS)

screenshots: setup ## 每个页面的截图：两种宽度、明暗、中英文 · every page at two widths, light and dark, zh and en
	@exec $(BIN)/python tests/screenshots.py $(ARGS)

lock: .venv/.uv ## 新增部门文件夹或依赖之后更新 uv.lock 并安装 · refresh uv.lock after a new agency folder or dependency, and install
	$(BIN)/uv lock --default-index https://pypi.org/simple $(ARGS)
	@$(MAKE) --no-print-directory setup

setup: .venv/.synced ## 准备 .venv，其他目标会先做 · prepare .venv; the other targets do it first

# uv's version is stated once, in pyproject.toml (required-version), and uv itself refuses any other.
.venv/.uv: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo '需要 Python 3.11 或更高版本：安装之后再试，或用 make PYTHON=python3.12 指定。' >&2; \
	  echo 'Python 3.11 or newer is needed: install it and try again, or name it: make PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo '这个 Python 缺少 venv。Debian：apt install python3-venv' >&2; \
	  echo 'This Python lacks venv. On Debian: apt install python3-venv' >&2; exit 1; }
	@echo '正在准备 .venv，第一次约一分钟 · preparing .venv, about a minute the first time' >&2
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check \
	  "uv$$(sed -n 's/^required-version = "\(.*\)"/\1/p' pyproject.toml)" >&2
	@touch $@

.venv/.synced: .venv/.uv $(MANIFESTS)
	@$(BIN)/uv sync --quiet --frozen --all-packages || { \
	  echo '依赖没有装好。如果刚新增了部门文件夹：make lock' >&2; \
	  echo 'The dependencies were not installed. After adding an agency folder: make lock' >&2; exit 1; }
	@touch $@
