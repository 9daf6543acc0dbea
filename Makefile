# Rollcall: one Makefile for the whole tree. `make` builds, `make demo` shows the main job, `make check` proves it.
# configure runs by itself when config.mk is missing or older than configure.ac. Other build trees share the
# sources: `make BUILD=build-asan SANITIZE=address,undefined` (what `make check-asan` does).

BUILD ?= build
SANITIZE ?=
FAULT ?=
ifneq ($(filter-out deps clean distclean help,$(or $(MAKECMDGOALS),all)),)
-include config.mk
endif

programs = rollcall-lmtpd rollcall-intake rollcall-dispatch rollcall rollcall-pipe

# ---- rooms: which folder is in which library, and what each program links -------------------------------------

room_sources = $(sort $(wildcard $(1)/*.c))
base_src     = $(filter-out $(if $(FAULT),,lib/base/fault.c),$(foreach d,lib/base lib/wire lib/list,$(call room_sources,$(d))))
mail_src     = $(foreach d,lib/mail lib/rules,$(call room_sources,$(d)))
trusted_src  = $(foreach d,lib/crm lib/store lib/relay lib/keys lib/dns lib/archive,$(call room_sources,$(d)))
intake_src   = $(call room_sources,lmtpd/intake)
dispatch_src = $(call room_sources,lmtpd/dispatch)
master_src   = $(call room_sources,lmtpd/master)
cli_src      = $(filter-out cli/rollcall_pipe.c cli/pipe_%.c,$(call room_sources,cli))
pipe_src     = $(wildcard cli/rollcall_pipe.c cli/pipe_*.c)

base_libs     = $(GLIB_LIBS) $(CRYPTO_LIBS) $(IDN2_LIBS)
intake_libs   = $(GMIME_LIBS) $(XML_LIBS) $(OPENDKIM_LIBS) $(PCRE2_LIBS) $(SECCOMP_LIBS) $(base_libs)
dns_libs      = $(UNBOUND_LIBS) $(EVENT_LIBS) -lresolv
dispatch_libs = $(MYSQL_LIBS) $(SQLITE_LIBS) $(CURL_LIBS) $(SSL_LIBS) $(dns_libs) $(SECCOMP_LIBS) $(base_libs)
master_libs   = $(SSL_LIBS) $(SECCOMP_LIBS) $(base_libs)

warnings = -Wall -Wextra -Wformat=2 -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla -Walloca -Wundef -Wredundant-decls -Wnested-externs \
	-Wold-style-definition -Wdouble-promotion -Wfloat-equal -Wdate-time -Wno-unused-parameter \
	$(if $(SANITIZE)$(findstring clang,$(CC)),,$(gcc_warnings))
# What clang (fuzz targets, coverage) does not know, or means otherwise; sanitized code looks odd to gcc itself.
gcc_warnings = -Wnull-dereference -Wcast-align=strict -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wstrict-overflow=2 -Wjump-misses-init \
	-Wformat-signedness -Wformat-overflow=2 -Wformat-truncation=2 -Wshift-overflow=2 -Wstringop-overflow=4 -Warray-bounds=2 \
	-Wimplicit-fallthrough=5 -Walloc-zero -Wtrampolines -Wsuggest-attribute=format -Wunused-macros
sanitize_flags = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
harden_cpp = $(if $(SANITIZE),,$(HARDEN_CPPFLAGS))
all_cppflags = -I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DG_LOG_DOMAIN='"rollcall"' $(harden_cpp) $(CPPFLAGS) $(if $(FAULT),-DROLLCALL_FAULT) \
	-DROLLCALL_VERSION='"$(VERSION)"' -DROLLCALL_LIBEXEC='"$(libexecdir)/rollcall"' -DROLLCALL_DATA='"$(datadir)/rollcall"' -DROLLCALL_CONFIG='"$(sysconfdir)/rollcall/rollcall.conf"'
# Foreign headers are system headers: their warnings are not ours to mend.
foreign_cflags = $(patsubst -I%,-isystem %,$(GLIB_CFLAGS) $(GMIME_CFLAGS) $(OPENDKIM_CFLAGS) $(XML_CFLAGS) $(MYSQL_CFLAGS) $(JSON_CFLAGS))
all_cflags = -std=gnu11 $(warnings) $(WERROR) $(foreign_cflags) $(if $(SANITIZE),,$(HARDEN_CFLAGS)) $(CFLAGS) $(sanitize_flags)
all_ldflags = $(if $(SANITIZE),,$(HARDEN_LDFLAGS)) $(LDFLAGS) $(sanitize_flags)

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

.PHONY: all
all: $(addprefix $(BUILD)/,$(programs))

config.mk: configure config.mk.in
	@mkdir -p build/aux
	./configure $(CONFIGURE_FLAGS) >build/configure.out || { cat build/configure.out; exit 1; }

configure: configure.ac
	@command -v autoconf >/dev/null || { echo 'autoconf is missing: run "make deps" as root first' >&2; exit 1; }
	autoconf

$(BUILD)/obj/%.o: %.c config.mk Makefile
	@mkdir -p $(@D)
	$(CC) $(all_cppflags) $(all_cflags) -MMD -MP -c -o $@ $<

# The distributed scenarios and texts, inside of the library too: they are there whatever is installed where.
scenarios = $(sort $(wildcard lib/rules/scenari/send.*))
$(BUILD)/gen/rules_distributed.c: $(scenarios) Makefile
	@mkdir -p $(@D)
	{ echo '/* Made from lib/rules/scenari by the Makefile. */'; echo '#include "lib/rules/rules_distributed.h"'; \
	echo 'const struct rules_distributed rules_distributed[] = {'; \
	for file in $(scenarios); do echo "{\"$${file##*/}\","; sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' "$$file"; echo '},'; done; \
	echo '{0}};'; } >$@.new
	mv $@.new $@
texts = $(sort $(wildcard lib/mail/texts/*/*))
$(BUILD)/gen/texts_distributed.c: $(texts) Makefile
	@mkdir -p $(@D)
	{ echo '/* Made from lib/mail/texts by the Makefile. */'; echo '#include "lib/mail/texts_distributed.h"'; \
	echo 'const struct texts_distributed texts_distributed[] = {'; \
	for file in $(texts); do echo "{\"$${file#lib/mail/texts/}\","; sed -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' "$$file"; echo '},'; done; \
	echo '{0}};'; } >$@.new
	mv $@.new $@
$(BUILD)/obj/gen/%.o: $(BUILD)/gen/%.c config.mk
	@mkdir -p $(@D)
	$(CC) $(all_cppflags) $(all_cflags) -MMD -MP -c -o $@ $<

$(BUILD)/libbase.a: $(call objects,$(base_src))
$(BUILD)/libmail.a: $(call objects,$(mail_src)) $(BUILD)/obj/gen/rules_distributed.o $(BUILD)/obj/gen/texts_distributed.o
$(BUILD)/libtrusted.a: $(call objects,$(trusted_src))
# Each program's objects but its main.o, so that unit tests, probes and fuzz targets can link them.
$(BUILD)/libintake.a: $(call objects,$(filter-out %/main.c,$(intake_src)))
$(BUILD)/libdispatch.a: $(call objects,$(filter-out %/main.c,$(dispatch_src)))
$(BUILD)/libmaster.a: $(call objects,$(filter-out %/main.c,$(master_src)))
$(BUILD)/libcli.a: $(call objects,$(filter-out %/main.c,$(cli_src)))
$(BUILD)/%.a:
	@rm -f $@
	$(AR) rcs $@ $^

link = $(CC) $(all_cflags) $(all_ldflags) -o $@ $(filter %.o %.a,$^)
$(BUILD)/rollcall-intake: $(BUILD)/obj/lmtpd/intake/main.o $(BUILD)/libintake.a $(BUILD)/libmail.a $(BUILD)/libbase.a
	$(link) $(intake_libs)
$(BUILD)/rollcall-dispatch: $(BUILD)/obj/lmtpd/dispatch/main.o $(BUILD)/libdispatch.a $(BUILD)/libtrusted.a $(BUILD)/libbase.a
	$(link) $(dispatch_libs)
$(BUILD)/rollcall-lmtpd: $(BUILD)/obj/lmtpd/master/main.o $(BUILD)/libmaster.a $(BUILD)/libbase.a
	$(link) $(master_libs)
$(BUILD)/rollcall: $(BUILD)/obj/cli/main.o $(BUILD)/libcli.a $(BUILD)/libmail.a $(BUILD)/libtrusted.a $(BUILD)/libbase.a
	$(link) $(MYSQL_LIBS) $(SQLITE_LIBS) $(CURL_LIBS) $(dns_libs) $(SSL_LIBS) $(PCRE2_LIBS) $(JSON_LIBS) $(base_libs)
$(BUILD)/rollcall-pipe: $(call objects,$(pipe_src))
	$(link)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- tests ----------------------------------------------------------------------------------------------------
# What each kind is and how it is run: test/README.

PYTHON = /usr/bin/python3
libraries = $(addprefix $(BUILD)/,libintake.a libcli.a libmail.a libdispatch.a libtrusted.a libmaster.a libbase.a)
test_libs = $(CMOCKA_LIBS) $(JSON_LIBS) $(intake_libs) $(dispatch_libs) $(master_libs)

unit_bin  = $(patsubst test/%.c,$(BUILD)/test/%,$(wildcard test/unit/test_*.c))
probe_bin = $(patsubst test/%.c,$(BUILD)/test/%,$(wildcard test/session/*_probe.c test/lab/*.c test/bench/*.c))
fuzz_bin  = $(patsubst test/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard test/fuzz/fuzz_*.c))

$(BUILD)/test/%: test/%.c $(libraries)
	@mkdir -p $(@D)
	$(CC) $(all_cppflags) $(all_cflags) $(all_ldflags) -MMD -MP -o $@ $< $(libraries) $(test_libs)
$(BUILD)/fuzz/%: test/fuzz/%.c $(libraries)
	@mkdir -p $(@D)
	$(CC) $(all_cppflags) $(all_cflags) -fsanitize=fuzzer $(all_ldflags) -MMD -MP -o $@ $< $(libraries) $(test_libs)
-include $(patsubst %,%.d,$(unit_bin) $(probe_bin) $(fuzz_bin))

.PHONY: tests check check-unit check-asan fault fault-programs fuzz fuzz-targets fuzz-brief lint coverage bench bench-deps demo
tests: all $(unit_bin) $(probe_bin)
fuzz-targets: $(fuzz_bin)

# Everything: unit, session and end-to-end tests and the fault suite's short form, with real MariaDB and Postfix. Ends with "N passed, N failed".
check: tests fault-programs
	FAULT_SUITE=short $(PYTHON) test/run.py --build $(BUILD) unit session e2e fault
check-unit: tests
	$(PYTHON) test/run.py --build $(BUILD) unit
# Unit and session tests once more under AddressSanitizer and UndefinedBehaviorSanitizer.
check-asan:
	$(MAKE) BUILD=build-asan SANITIZE=address,undefined tests
	$(PYTHON) test/run.py --build build-asan unit session
# What a crash, a full disk, a cut line, a jumping clock leave, fault by fault: a table, also in $(BUILD)/fault.md. Under 15 minutes, alone on two cores.
fault: tests fault-programs
	$(PYTHON) test/run.py --build $(BUILD) fault
# The programs with fault points (lib/base/fault.h), in $(BUILD)-fault. Only what has such points is compiled again.
fault-programs: all
	@mkdir -p $(BUILD)-fault
	@cp -au $(BUILD)/obj $(BUILD)/gen $(BUILD)-fault/
	@rm -f $(patsubst %.c,$(BUILD)-fault/obj/%.o,$(shell grep -l lib/base/fault.h $(base_src) $(trusted_src) $(intake_src) $(dispatch_src) $(master_src)))
	@$(MAKE) --no-print-directory FAULT=1 BUILD=$(BUILD)-fault all
# What the tests run of the code, counted by clang in a tree of its own: build-cov/coverage/report.md. COVERAGE="unit" takes fewer tests.
COVERAGE = unit session e2e
coverage_flags = -O1 -g -w -fcoverage-mapping -fprofile-instr-generate=$(CURDIR)/build-cov/profile/%m%c.profraw -mllvm -runtime-counter-relocation
coverage:
	$(MAKE) BUILD=build-cov CC=$(or $(CLANG),clang) CFLAGS='$(coverage_flags)' HARDEN_CFLAGS= HARDEN_CPPFLAGS= WERROR= tests
	$(PYTHON) test/coverage.py --build build-cov $(COVERAGE)
# Fuzz targets need clang. `make fuzz` builds them; `make fuzz-brief` also runs each for FUZZ_SECONDS.
FUZZ_SECONDS = 10
fuzz:
	$(MAKE) BUILD=build-fuzz CC=$(or $(CLANG),clang) SANITIZE=fuzzer-no-link,address,undefined fuzz-targets
fuzz-brief: fuzz
	$(PYTHON) test/fuzz/run.py --build build-fuzz --seconds $(FUZZ_SECONDS)
lint:
	$(PYTHON) test/lint/run.py
# Figures beside floors and peers, in build/bench: some 20 minutes, BENCH=--quick a few. Peers are measured where they are installed.
BENCH =
bench: tests
	$(PYTHON) test/bench/run.py --build $(BUILD) $(BENCH)
bench-deps:
	@sh test/bench/deps.sh
# The main job as a story; KEEP=1 leaves the world up.
demo: deps
	@$(MAKE) --no-print-directory -s tests
	@KEEP=$(KEEP) $(PYTHON) test/lab/demo.py

# ---- what must be on the machine ------------------------------------------------------------------------------

BUILD_DEPS = gcc make autoconf pkg-config libglib2.0-dev libgmime-3.0-dev libopendkim-dev libmariadb-dev libssl-dev \
	libseccomp-dev libsqlite3-dev libcurl4-openssl-dev libunbound-dev libevent-dev libidn2-dev libpcre2-dev libxml2-dev libjson-glib-dev libcmocka-dev
TEST_DEPS = $(shell sed 's/\#.*//' test/lab/deps.txt)

# Installs what is missing with apt-get and nothing else; packages that bring a daemon are kept from starting it.
.PHONY: deps
deps:
	@sh test/lab/deps.sh $(BUILD_DEPS) $(TEST_DEPS)

# ---- install --------------------------------------------------------------------------------------------------

# systemd's units, with our paths and the walls that all three have.
units = $(patsubst systemd/%.in,$(BUILD)/systemd/%,$(wildcard systemd/*.service.in)) $(wildcard systemd/*.socket)
$(BUILD)/systemd/%: systemd/%.in systemd/walls.conf config.mk
	@mkdir -p $(@D)
	sed -e 's|@sbindir@|$(sbindir)|g' -e 's|@libexecdir@|$(libexecdir)|g' -e 's|@sysconfdir@|$(sysconfdir)|g' \
		-e '/^@walls@$$/{' -e 'r systemd/walls.conf' -e 'd' -e '}' $< >$@.new
	mv $@.new $@
.PHONY: units
units: $(units)

.PHONY: install install-units
install: all $(if $(filter no,$(systemdsystemunitdir)),,install-units)
	install -d $(DESTDIR)$(sbindir) $(DESTDIR)$(bindir) $(DESTDIR)$(libexecdir)/rollcall
	install -m 0755 $(BUILD)/rollcall-lmtpd postfix-conf/rollcall-postfix $(DESTDIR)$(sbindir)
	install -m 0755 $(BUILD)/rollcall $(BUILD)/rollcall-pipe $(DESTDIR)$(bindir)
	install -m 0755 $(BUILD)/rollcall-intake $(BUILD)/rollcall-dispatch $(DESTDIR)$(libexecdir)/rollcall
	install -d $(DESTDIR)$(datadir)/rollcall/schema $(DESTDIR)$(datadir)/rollcall/postfix-conf
	install -m 0644 schema/*.sql $(DESTDIR)$(datadir)/rollcall/schema
	install -m 0755 schema/renew-certificate $(DESTDIR)$(datadir)/rollcall/schema
	install -m 0644 postfix-conf/*.rollcall $(DESTDIR)$(datadir)/rollcall/postfix-conf
	install -d $(DESTDIR)$(datadir)/rollcall/scenari
	install -m 0644 lib/rules/scenari/send.* $(DESTDIR)$(datadir)/rollcall/scenari
	for language in lib/mail/texts/*/; do \
		install -d $(DESTDIR)$(datadir)/rollcall/texts/$$(basename $$language) && \
		install -m 0644 $$language/* $(DESTDIR)$(datadir)/rollcall/texts/$$(basename $$language) || exit 1; done
	install -d $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man8
	for page in doc/*.[158]; do install -m 0644 $$page $(DESTDIR)$(mandir)/man$${page##*.}; done
	install -d $(DESTDIR)$(sysconfdir)/rollcall
	install -d -m 0700 $(DESTDIR)$(sysconfdir)/rollcall/keys
	[ -e $(DESTDIR)$(sysconfdir)/rollcall/rollcall.conf ] || \
		install -m 0644 doc/rollcall.conf.example $(DESTDIR)$(sysconfdir)/rollcall/rollcall.conf

# Users and directories are made at once where this is the machine itself; a package's maintainer scripts do that elsewhere.
install-units: $(units)
	install -d $(DESTDIR)$(systemdsystemunitdir) $(DESTDIR)$(sysusersdir) $(DESTDIR)$(tmpfilesdir)
	install -m 0644 $(units) $(DESTDIR)$(systemdsystemunitdir)
	install -m 0644 systemd/rollcall.sysusers $(DESTDIR)$(sysusersdir)/rollcall.conf
	install -m 0644 systemd/rollcall.tmpfiles $(DESTDIR)$(tmpfilesdir)/rollcall.conf
	if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ] && command -v systemd-sysusers >/dev/null; then \
		systemd-sysusers rollcall.conf && systemd-tmpfiles --create rollcall.conf; fi

.PHONY: clean distclean
clean:
	rm -rf build/obj build/gen build/systemd build/test build/*.a $(addprefix build/,$(programs)) build-*
distclean: clean
	rm -rf build config.mk config.log config.status configure configure~ autom4te.cache
