/*
 * rollcall-dispatch: the trusted room. It holds the CRM connection, the private keys, the store and the way into Postfix, and it
 * never parses mail: it sees names, addresses, 32-byte digests and sealed memory files.
 * Started by rollcall-lmtpd, or behind a door (lib/base/door.h), with the descriptors of lib/base/process.h; what is read as root is read before privileges go. `rollcall explain`
 * starts it, too, as "rollcall-dispatch explain": then it is one dry worker (dry.h).
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/archive/archive_keys.h"
#include "lib/base/door.h"
#include "lib/base/io.h"
#include "lib/base/log.h"
#include "lib/base/networks.h"
#include "lib/base/privilege.h"
#include "lib/base/process.h"
#include "lib/dns/dns.h"
#include "lib/list/digest_plan.h"
#include "lmtpd/dispatch/dry.h"
#include "lmtpd/dispatch/pool.h"
#include "lib/store/store.h"

/* A dry worker has no business with Postfix, so it does not get the group that may enter there. */
static void drop_privileges(const struct settings *settings, gboolean dry, gboolean door)
{
	struct privilege_user user;
	const char *error = NULL;
	const char *name = settings_text(settings, SET_user, NULL);
	const char *group = dry ? "" : settings_text(settings, SET_qmqp_group, NULL);
	gid_t extra = (gid_t)-1;

	if (door && geteuid() != 0)
		return;
	if (geteuid() != 0) {
		log_info("not started as root: keys, store and CRM access stay with this user");
		return;
	}
	if (!privilege_find_user(name, &user, &error))
		log_fatal("user %s: %s", name, error);
	if (*group && !privilege_find_group(group, &extra))
		log_fatal("qmqp_group %s: no such group; is Postfix installed?", group);
	privilege_drop(&user, extra);
}

/* What only the admin can mend refuses the start; a CRM that does not answer does not: posts wait in Postfix until it does. */
static void check_crm(const struct settings *settings, struct crm_breaker *breaker)
{
	struct crm *crm = crm_new(settings, breaker);
	g_autoptr(GArray) findings = crm_check_start(crm);
	gboolean refuse = FALSE;

	for (guint i = 0; i < findings->len; i++) {
		const struct crm_finding *finding = &g_array_index(findings, struct crm_finding, i);

		if (finding->level != CRM_GOOD)
			log_warning("CRM: %s%s%s", finding->text, finding->todo ? "; " : "", finding->todo ? finding->todo : "");
		refuse = refuse || finding->refuse;
	}
	crm_free(crm);
	if (refuse)
		log_fatal("not started: the CRM access is not as it must be, see the lines above");
}

/* Not signing is allowed, small keys are too; neither should go unnoticed. */
static void warn_about_keys(const struct settings *settings, const struct keys *keys)
{
	const char *const *domain = settings_domains(settings);

	if (!*domain)
		log_warning("no [domain] section: every address will be unknown here");
	for (; *domain; domain++) {
		g_autoptr(GPtrArray) found = keys_for_domain(keys, *domain);

		if (found->len == 0)
			log_warning("[domain %s] has no dkim_keys: its posts go out unsigned", *domain);
		for (guint i = 0; i < found->len; i++) {
			const struct keys_public *key = g_ptr_array_index(found, i);

			if (key->bits > 0 && key->bits < KEYS_BITS_ADVISED)
				log_warning("[domain %s] DKIM key %s has %u bits; %d are advised", *domain, key->selector, key->bits,
					KEYS_BITS_ADVISED);
		}
	}
}

/* Nobody would be told later: a responder that may not be asked is only a reason among others. */
static void check_networks(const struct settings *settings)
{
	const char *bad = NULL;
	g_autoptr(GArray) networks = networks_parse(settings_strings(settings, SET_smime_ocsp_networks, NULL), &bad);

	if (!networks)
		log_fatal("smime_ocsp_networks: %s is no network; expected ADDRESS or ADDRESS/BITS", bad);
}

/* Nobody would be told later: a digest that never leaves is missed by nobody for a while. */
static void check_digests(const struct settings *settings)
{
	g_autofree char *wrong = digest_plan_check(settings);

	if (wrong)
		log_fatal("%s", wrong);
}

static void check_store(const struct settings *settings)
{
	g_autoptr(GError) error = NULL;
	const char *directory = settings_text(settings, SET_state_directory, NULL);
	const char *warning = NULL;
	struct store *store = NULL;

	if (store_directory_check(directory, geteuid(), &warning, &error))
		store = store_open(directory, &error);
	if (warning)
		log_warning("state_directory %s: %s", directory, warning);
	if (!store)
		log_fatal("state store: %s", error->message);
	store_close(store);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	io_fill_standard_descriptors();
	gboolean door = door_enter(&argc, &argv);
	gboolean dry = argc == 2 && strcmp(argv[1], "explain") == 0;
	pid_t master = getppid();
	settings_auto struct settings *settings = process_settings("rollcall.conf");
	if (dry)
		log_open("rollcall-dispatch", LOG_TARGET_STDERR);
	else
		process_log("rollcall-dispatch", settings);
	struct keys *keys = keys_load(settings, &error);
	if (!keys)
		log_fatal("%s", error->message);
	struct archive_keys *archive_keys = archive_keys_load(settings, &error);
	if (!archive_keys)
		log_fatal("%s", error->message);
	struct relay_way *way = dry ? NULL : relay_way_new(settings, &error);
	if (!dry && !way)
		log_fatal("%s", error->message);
	if (!dry)
		warn_about_keys(settings, keys);
	check_networks(settings);
	check_digests(settings);
	if (!dns_check(settings, &error))
		log_fatal("%s", error->message);
	struct crm_breaker *breaker =
		mmap(NULL, sizeof(*breaker), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (breaker == MAP_FAILED)
		log_fatal("cannot share memory");
	drop_privileges(settings, dry, door);
	privilege_lock();
	process_die_with_parent(master);
	struct pool_setup setup = {
		.settings = settings,
		.keys = keys,
		.archive_keys = archive_keys,
		.way = way,
		.breaker = breaker,
		.tickets = PROCESS_FD_TICKETS,
		.jobs = PROCESS_FD_JOBS,
		.pulse = PROCESS_FD_STATUS,
		.signals = -1,
	};

	if (dry)
		dry_run(&setup);
	check_store(settings);
	check_crm(settings, breaker);
	setup.signals = process_signals();
	process_ready();
	pool_run(&setup);
	relay_way_free(way);
	keys_free(keys);
	archive_keys_free(archive_keys);
	return 0;
}
