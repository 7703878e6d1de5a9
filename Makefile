# poa_suppress: a PGXS extension.
#
#   make setup      installs what building and testing needs (Debian)
#   make test       builds and tests in a throw-away server, as any user
#   make demo       the tour, with a statement of a month in build/; KEEP=1 leaves
#                   its server up to look around
#   make demo-cluster  three nodes, a proxy and a warehouse, one of them killed;
#                   KEEP=1 leaves them up
#   make bench      the measurements; QUICK=1 only tries them out, BENCH='storm
#                   type' and the like makes only some (bench/run)
#   make fuzz       attacks the readers of messages; FUZZ_SECONDS=60 each
#   make lint       static analysis of C and PL/pgSQL
#   make assert     all tests with the Asserts on
#   make sanitize   all tests with address and undefined behaviour checked
#   make valgrind   the regress tests, the server under valgrind
#   make sqlsmith   a minute of random queries
#   make coverage   which lines of C the tests run
#   make memory     a COPY of a million rows and a session of a day's length
#   make soak       random histories with fresh seeds for SECONDS=60; one that
#                   fails is printed, as short as it can be
#   make faults     kills servers under load, again and again for SECONDS=60
#   make mutate     plants faults, which the tests must notice; FAULTS='3 17-20'
#   make matrix     all tests on 15 to 19, each in a root of its own, as root;
#                   VERSIONS='17 18' for some, ROOTS=/folder to keep the roots
#   make fresh      make test and make demo on fresh machines, as root
#   make deb        Debian packages, in the folder that it prints, or DEB=/folder
#   make deb-test   builds, installs, uses and removes them on fresh machines;
#                   VERSIONS='15 17', as root
#   make freeze     keeps the script of this version for good (CONTRIBUTING.md)
#   make, make install, make installcheck: into and against your own server

EXTENSION   = poa_suppress
MODULE_big  = poa_suppress

# Where this file is, which need not be where things are built (VPATH).
srcdir     := $(patsubst %/,%,$(dir $(firstword $(MAKEFILE_LIST))))

# The version stands in the control file and nowhere else.
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" '$(srcdir)/$(EXTENSION).control')
PG_CPPFLAGS = -DPOA_VERSION='"$(EXTVERSION)"'

# With -Wextra: the server's own headers have parameters they do not use, and
# PGXS hands clang the flags of the gcc that the server was built with.
PG_CFLAGS   = -Wno-unused-parameter -Wno-ignored-attributes \
              -Wno-unknown-warning-option -Wno-ignored-optimization-argument

OBJS        = $(patsubst $(srcdir)/%.c,%.o,$(sort $(wildcard $(srcdir)/src/*.c)))

# src/NAME.sql, joined in this order into the extension's script.
PARTS       = schema permission window guid node manufacturer guid_list device eligibility guid_list_import distributor \
              activation settle traffic originator track command hub_move \
              log divert attach hold release purge access explain \
              suppressed_alert alert_count monthly window_fit gbcs duis receive \
              attached_alerts sign_of_life still_dark restoration \
              words neighbourhood evidence_neighbours learn evidence_no_activation evidence_started \
              evidence_second evidence_unreachable evidence_silent genuine to_ask \
              stored_ad1 late_activation replay set_node move_windows \
              health_attached health_beside health_rate health verify timeline open_window statement metrics \
              health_own
SCRIPT      = build/$(EXTENSION)--$(EXTVERSION).sql

# The scripts at the top, as contrib has them, are never made: that of each
# released version as it was, and poa_suppress--OLD--NEW.sql by hand.
DATA       := $(notdir $(sort $(wildcard $(srcdir)/$(EXTENSION)--*.sql)))
FROZEN     := $(filter $(notdir $(SCRIPT)),$(DATA))
DATA_built := $(if $(FROZEN),,$(SCRIPT))

# Installed beside psql. Their pages are made of what --help prints, so that
# neither has more than the other, and only where there is help2man.
PROGRAMS      = poa-load-list poa-report
SCRIPTS_built = $(PROGRAMS:%=build/%)
MAN_built    := $(if $(shell help2man --version 2>/dev/null),$(PROGRAMS:%=build/%.1))

DOCS        = README.md CHANGELOG.md

# sql/NAME.sql in this order; each test creates the extension again, so that any
# of them runs alone. REGRESS_16 are those that need PostgreSQL 16.
REGRESS        = install sanity guid_io $(if $(filter-out 15,$(MAJORVERSION)),$(REGRESS_16)) guid_casts guid_ops \
                 node set_node manufacturer guid_list device eligibility distributor window activation settle command hub_move \
                 move_windows divert divert_ways divert_jsonb divert_partition attach release same_alert hold log purge explain monthly \
                 window_fit health health_mend metrics access access_rls search_path attack_rights attack_dno attack_table \
                 attached_alerts sign_of_life still_dark restoration neighbourhood learn genuine to_ask late_activation replay report \
                 verify timeline open_window statement duis duis_alert gbcs receive receive_refusal receive_order receive_traffic errors uninstall
REGRESS_16     = guid_softerr
REGRESS_OPTS   = --no-locale --encoding=UTF8
ISOLATION      = $(patsubst $(srcdir)/specs/%.spec,%,$(sort $(wildcard $(srcdir)/specs/*.spec)))
ISOLATION_OPTS = --no-locale --encoding=UTF8 --load-extension=$(EXTENSION)
TAP_TESTS      = 1

EXTRA_CLEAN    = build src/*.gcda src/*.gcno

# Without the server's development files the targets that bring them along still
# have to work, so PGXS is included only where they are; Debian has it, and a
# pg_config, with the client.
PG_CONFIG ?= pg_config
PGXS := $(if $(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h),$(shell $(PG_CONFIG) --pgxs))

ifneq ($(PGXS),)
include $(PGXS)

# PGXS would look for products in the source tree too, and find those of a build
# there.
VPATH      :=
vpath %.c $(srcdir)
vpath %.control $(srcdir)

# PGXS ignores headers; the control file holds the version.
$(OBJS) $(OBJS:.o=.bc): $(wildcard $(srcdir)/src/*.h) $(EXTENSION).control | folders

# What others install into the same folder is called README.md, too.
docmoduledir := extension/$(EXTENSION)

# PGXS installs them by their last name, and would look for bin/build.
uninstall: SCRIPTS_built := $(notdir $(SCRIPTS_built))

all: $(MAN_built) $(if $(FROZEN),check-frozen)
install: install-more
uninstall: uninstall-more

# What PGXS has no variable for: the pages, and the folder that README.md leads to.
install-more: $(MAN_built)
	$(MKDIR_P) '$(DESTDIR)$(docdir)/$(docmoduledir)/docs' '$(DESTDIR)$(mandir)/man1'
	$(INSTALL_DATA) $(wildcard $(srcdir)/docs/*.md) '$(DESTDIR)$(docdir)/$(docmoduledir)/docs/'
	$(if $(MAN_built),$(INSTALL_DATA) $(MAN_built) '$(DESTDIR)$(mandir)/man1/')

uninstall-more:
	rm -f $(patsubst $(srcdir)/%,'$(DESTDIR)$(docdir)/$(docmoduledir)'/%,$(wildcard $(srcdir)/docs/*.md)) $(PROGRAMS:%='$(DESTDIR)$(mandir)/man1/%.1')
else
all install uninstall installcheck clean:
	@echo "$(PG_CONFIG) does not lead to the server's development files." >&2; \
	 echo "Install postgresql-server-dev-NN or your system's like, name another with" >&2; \
	 echo "PG_CONFIG=/path/to/pg_config, or let 'make setup' install it (Debian)." >&2; \
	 exit 1
endif

folders:
	@mkdir -p build src

$(SCRIPT): $(PARTS:%=$(srcdir)/src/%.sql) $(srcdir)/Makefile $(srcdir)/$(EXTENSION).control | folders
	{ printf '%s\n' '\echo Use "CREATE EXTENSION $(EXTENSION)" to load this file. \quit'; \
	  cat $(PARTS:%=$(srcdir)/src/%.sql); } >$@

$(SCRIPTS_built): build/%: $(srcdir)/bin/% $(srcdir)/$(EXTENSION).control | folders
	sed "s/^VERSION = None.*/VERSION = '$(EXTVERSION)'/" '$<' >$@
	chmod +x $@

$(MAN_built): %.1: %
	COLUMNS=1000 help2man -N -o $@ --name="$$(COLUMNS=1000 $< --help | sed -n '3{s/^./\l&/; s/\.$$//p}')" \
		--help-option="--help | sed 's/^usage:/Usage:/; s/^positional arguments:/Arguments:/; s/^options:/Options:/; s/^Exit status: /*Exit status*\\n/'" $<

# src goes on with the next version, under a number of its own.
check-frozen: $(SCRIPT)
	@cmp -s $(SCRIPT) $(srcdir)/$(FROZEN) || \
	{ echo "src/*.sql is not $(FROZEN) any more: give it another default_version in $(EXTENSION).control" >&2; exit 1; }

freeze: $(SCRIPT)
	@test -z '$(FROZEN)' || { echo "$(FROZEN) is frozen already" >&2; exit 1; }
	cp $(SCRIPT) $(srcdir)

# A part or a test that is in no list would be left out without a word.
UNLISTED = $(filter-out $(PARTS:%=src/%.sql) $(REGRESS:%=sql/%.sql) $(REGRESS_16:%=sql/%.sql),$(patsubst $(srcdir)/%,%,$(wildcard $(srcdir)/src/*.sql $(srcdir)/sql/*.sql)))
check-lists:
	@test -z "$(UNLISTED)" || { echo "in no list of the Makefile: $(UNLISTED)" >&2; exit 1; }

# The top of this file.
help:
	@sed -n '3,/^$$/s/^#\( \|$$\)//p' $(firstword $(MAKEFILE_LIST))

FUZZ_SECONDS ?= 60

# What is set on the command line (REGRESS=..., COPT=...) goes on as arguments.
setup:
	@$(srcdir)/tools/sandbox setup
test:
	@$(srcdir)/tools/sandbox test $(MAKEOVERRIDES)
demo:
	@POA_DATABASE=poa_demo $(srcdir)/tools/sandbox run $(srcdir)/tools/demo
demo-cluster:
	@$(srcdir)/tools/sandbox setup postgresql-NN-plproxy
	@$(srcdir)/tools/sandbox run $(srcdir)/tools/demo-cluster
bench:
	@QUICK='$(QUICK)' $(srcdir)/tools/sandbox run $(srcdir)/bench/run $(BENCH)
mutate:
	@$(srcdir)/tools/mutate $(FAULTS)
fuzz:
	@$(srcdir)/tools/fuzz/run -max_total_time=$(FUZZ_SECONDS)
lint assert sanitize valgrind sqlsmith coverage:
	@$(srcdir)/tools/inspect $@ $(MAKEOVERRIDES)
memory:
	@POA_MEMORY_SCALE=5 $(srcdir)/tools/sandbox test PROVE_TESTS=t/005_memory.pl
faults:
	@POA_SECONDS='$(or $(SECONDS),60)' $(srcdir)/tools/sandbox test PROVE_TESTS=t/004_crash.pl
soak:
	@POA_SECONDS='$(or $(SECONDS),60)' $(srcdir)/tools/sandbox test PROVE_TESTS=t/001_model.pl
matrix:
	@$(srcdir)/tools/matrix $(VERSIONS) $(MAKEOVERRIDES)
fresh:
	@$(srcdir)/tools/fresh
deb:
	@$(srcdir)/tools/deb $(DEB)
deb-test:
	@$(srcdir)/tools/deb-test $(VERSIONS)

.PHONY: folders install-more uninstall-more check-frozen freeze check-lists help setup test demo demo-cluster bench fuzz lint assert sanitize valgrind sqlsmith coverage memory faults matrix fresh deb deb-test mutate soak
