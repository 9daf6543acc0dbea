# Rollcall: one Makefile for the whole tree. `make` builds, `make demo` shows the main job, `make check` proves it.
# configure runs by itself when config.mk is missing or older than configure.ac. Other build trees share the
# sources: `make BUILD=build-asan SANITIZE=address,undefined` (what `make check-asan` does).

BUILD ?= build
SANITIZE ?=
ifneq ($(filter-out deps clean distclean help,$(or $(MAKECMDGOALS),all)),)
-include config.mk
endif

programs = rollcall-lmtpd rollcall-intake rollcall-dispatch rollcall rollcall-pipe

# ---- rooms: which folder is in which library, and what each program links -------------------------------------

room_sources = $(sort $(wildcard $(1)/*.c))
base_src     = $(foreach d,lib/base lib/wire lib/list,$(call room_sources,$(d)))
mail_src     = $(foreach d,lib/mail lib/rules,$(call room_sources,$(d)))
trusted_src  = $(foreach d,lib/crm lib/store lib/relay lib/keys,$(call room_sources,$(d)))
intake_src   = $(call room_sources,lmtpd/intake)
dispatch_src = $(call room_sources,lmtpd/dispatch)
master_src   = $(call room_sources,lmtpd/master)
cli_src      = $(filter-out cli/rollcall_pipe.c cli/pipe_%.c,$(call room_sources,cli))
pipe_src     = $(wildcard cli/rollcall_pipe.c cli/pipe_*.c)

base_libs     = $(GLIB_LIBS) $(CRYPTO_LIBS) $(IDN2_LIBS)
intake_libs   = $(GMIME_LIBS) $(OPENDKIM_LIBS) $(SECCOMP_LIBS) $(base_libs)
dispatch_libs = $(MYSQL_LIBS) $(SQLITE_LIBS) $(SECCOMP_LIBS) $(base_libs)
master_libs   = $(SSL_LIBS) $(SECCOMP_LIBS) $(base_libs)

warnings = -Wall -Wextra -Wformat=2 -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla -Wno-unused-parameter
sanitize_flags = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
harden_cpp = $(if $(SANITIZE),,$(HARDEN_CPPFLAGS))
all_cppflags = -I. -D_GNU_SOURCE -DG_LOG_DOMAIN='"rollcall"' $(harden_cpp) $(CPPFLAGS) \
	-DROLLCALL_VERSION='"$(VERSION)"' -DROLLCALL_LIBEXEC='"$(libexecdir)/rollcall"' -DROLLCALL_CONFIG='"$(sysconfdir)/rollcall/rollcall.conf"'
# Foreign headers are system headers: their warnings are not ours to mend.
foreign_cflags = $(patsubst -I%,-isystem %,$(GLIB_CFLAGS) $(GMIME_CFLAGS) $(OPENDKIM_CFLAGS) $(MYSQL_CFLAGS))
all_cflags = -std=gnu11 $(warnings) $(WERROR) $(foreign_cflags) $(HARDEN_CFLAGS) $(CFLAGS) $(sanitize_flags)
all_ldflags = $(HARDEN_LDFLAGS) $(LDFLAGS) $(sanitize_flags)

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

$(BUILD)/libbase.a: $(call objects,$(base_src))
$(BUILD)/libmail.a: $(call objects,$(mail_src))
$(BUILD)/libtrusted.a: $(call objects,$(trusted_src))
# Each program's objects but its main.o, so that stage tests and fuzz targets can link them.
$(BUILD)/libintake.a: $(call objects,$(filter-out %/main.c,$(intake_src)))
$(BUILD)/libdispatch.a: $(call objects,$(filter-out %/main.c,$(dispatch_src)))
$(BUILD)/libmaster.a: $(call objects,$(filter-out %/main.c,$(master_src)))
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
$(BUILD)/rollcall: $(call objects,$(cli_src)) $(BUILD)/libtrusted.a $(BUILD)/libbase.a
	$(link) $(MYSQL_LIBS) $(SQLITE_LIBS) $(SSL_LIBS) $(base_libs)
$(BUILD)/rollcall-pipe: $(call objects,$(pipe_src))
	$(link)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- tests ----------------------------------------------------------------------------------------------------

unit_src = $(wildcard test/unit/test_*.c test/stage/test_*.c)
unit_bin = $(patsubst test/%.c,$(BUILD)/test/%,$(unit_src))
# A test of the trusted side must not link the parser's side, and the other way about: `room:` in its first lines says which.
$(BUILD)/test/%: test/%.c $(BUILD)/libintake.a $(BUILD)/libmail.a $(BUILD)/libdispatch.a $(BUILD)/libtrusted.a $(BUILD)/libmaster.a $(BUILD)/libbase.a
	@mkdir -p $(@D)
	$(CC) $(all_cppflags) $(all_cflags) $(all_ldflags) -MMD -MP -o $@ $< $(filter %.a,$^) \
		$(CMOCKA_LIBS) $(intake_libs) $(dispatch_libs) $(master_libs)
-include $(patsubst %,%.d,$(unit_bin))

.PHONY: tests
tests: all $(unit_bin)

.PHONY: clean distclean
clean:
	rm -rf build/obj build/test build/*.a $(addprefix build/,$(programs)) build-*
distclean: clean
	rm -rf build config.mk config.log config.status configure configure~ autom4te.cache
