/*
 * Every setting, one row each:
 * SETTING(scope, name, type, default, minimum, maximum, choices, help in one sentence)
 * Included with different definitions of SETTING; no include guard on purpose. Maximum is bytes for texts.
 */

/* ---- [rollcall] ---- */
SETTING(SCOPE_ROLLCALL, user, TYPE_TEXT, "rollcall", 1, 64, NULL,
	"User that rollcall-dispatch runs as when started as root: a name, or a number UID or UID:GID.")
SETTING(SCOPE_ROLLCALL, intake_user, TYPE_TEXT, "rollcall-intake", 1, 64, NULL,
	"User that rollcall-intake's children run as when started as root; it should own nothing.")
SETTING(SCOPE_ROLLCALL, listen, TYPE_STRINGS, "unix:/run/rollcall/lmtp", 1, 1024, NULL,
	"Where Postfix reaches us by LMTP: unix:/PATH or inet:ADDRESS:PORT, several separated by ';'.")
SETTING(SCOPE_ROLLCALL, listen_group, TYPE_TEXT, "postfix", 0, 64, NULL,
	"Group of the LMTP unix sockets (name or number), so that Postfix's lmtp client may connect.")
SETTING(SCOPE_ROLLCALL, listen_mode, TYPE_MODE, "0660", 0, 0777, NULL, "File mode of the LMTP unix sockets.")
SETTING(SCOPE_ROLLCALL, lmtp_peer_users, TYPE_STRINGS, "root;postfix", 0, 1024, NULL,
	"Users (names or numbers) that may speak LMTP over a unix socket; our own user always may.")
SETTING(SCOPE_ROLLCALL, lmtp_clients, TYPE_STRINGS, "127.0.0.0/8;::1/128", 0, 4096, NULL,
	"Networks that may speak LMTP over TCP.")
SETTING(SCOPE_ROLLCALL, tls_certificate_file, TYPE_SECRET, "", 0, 4096, NULL,
	"PEM certificate chain for STARTTLS on TCP; empty: STARTTLS is not offered.")
SETTING(SCOPE_ROLLCALL, tls_key_file, TYPE_SECRET, "", 0, 4096, NULL,
	"PEM private key for tls_certificate_file, readable by root only.")
SETTING(SCOPE_ROLLCALL, tls_user, TYPE_TEXT, "", 0, 64, NULL,
	"User that the relays of TCP connections run as when started as root; empty: intake_user.")
SETTING(SCOPE_ROLLCALL, state_directory, TYPE_PATH, "/var/lib/rollcall", 1, 4096, NULL,
	"Where the state store lives: a local directory that only rollcall's user may enter.")
SETTING(SCOPE_ROLLCALL, run_directory, TYPE_PATH, "/run/rollcall", 1, 4096, NULL,
	"Where the pid file and the parser's empty root directory live.")
SETTING(SCOPE_ROLLCALL, relay, TYPE_CHOICE, "qmqp", 0, 0, "qmqp|smtp",
	"The way back into the mail server: qmqp into the Postfix of this machine, or smtp into any server.")
SETTING(SCOPE_ROLLCALL, qmqp_socket, TYPE_TEXT, "unix:/var/spool/postfix/public/rollcall-out", 1, 4096, NULL,
	"Postfix's qmqpd service that takes the fan-out: unix:/PATH or inet:ADDRESS:PORT.")
SETTING(SCOPE_ROLLCALL, qmqp_group, TYPE_TEXT, "postdrop", 0, 64, NULL,
	"Group that may enter Postfix's public directory; rollcall-dispatch keeps it as its only extra group.")
SETTING(SCOPE_ROLLCALL, queue_lifetime, TYPE_SECONDS, "5d", 60, 8640000, NULL,
	"How long Postfix tries to deliver a post, its maximal_queue_lifetime; for two days more we remember what was delivered.")
SETTING(SCOPE_ROLLCALL, smtp_server, TYPE_TEXT, "unix:/var/spool/postfix/public/rollcall-smtp", 1, 4096, NULL,
	"With relay = smtp, the server that takes the fan-out: unix:/PATH or inet:HOST:PORT.")
SETTING(SCOPE_ROLLCALL, smtp_tls, TYPE_CHOICE, "may", 0, 0, "none|may|require",
	"TLS to smtp_server: never, where it is offered, or always and with a certificate that proves the server's name; never over a unix socket.")
SETTING(SCOPE_ROLLCALL, smtp_tls_ca_file, TYPE_PATH, "", 0, 4096, NULL,
	"PEM bundle of the certificates that may vouch for smtp_server; empty: the system's.")
SETTING(SCOPE_ROLLCALL, smtp_user, TYPE_TEXT, "", 0, 254, NULL,
	"Login at smtp_server; over a network only with smtp_tls = require; empty: none.")
SETTING(SCOPE_ROLLCALL, smtp_password_file, TYPE_SECRET, "", 0, 4096, NULL,
	"File with smtp_user's password alone, closed to group and others.")
SETTING(SCOPE_ROLLCALL, smtp_skip_share, TYPE_NUMBER, "1", 0, 100, NULL,
	"Percent of a list's addresses that smtp_server may refuse for good and that are then left out; one may always be, unless it is 0.")
SETTING(SCOPE_ROLLCALL, smtp_batch, TYPE_NUMBER, "0", 0, 1000000, NULL,
	"Most recipients in one SMTP transaction; a larger list goes in batches; 0: always all at once.")
SETTING(SCOPE_ROLLCALL, default_domain, TYPE_TEXT, "", 0, 253, NULL,
	"Domain of lists whose name in the view has no '@'; empty: the first [domain] section.")
SETTING(SCOPE_ROLLCALL, hostname, TYPE_TEXT, "", 0, 253, NULL,
	"Our name in LMTP replies, Received and Message-ID fields; empty: the system's host name.")
SETTING(SCOPE_ROLLCALL, message_size_limit, TYPE_SIZE, "50M", 1024, 1073741824, NULL,
	"Largest post in bytes; a larger one is refused with 552.")
SETTING(SCOPE_ROLLCALL, recipients_limit, TYPE_NUMBER, "1000", 1, 100000, NULL,
	"Most list addresses in one LMTP transaction; Postfix asks again for the rest.")
SETTING(SCOPE_ROLLCALL, sessions_limit, TYPE_NUMBER, "100", 1, 10000, NULL,
	"Most LMTP sessions at a time; further ones wait in the kernel's queue.")
SETTING(SCOPE_ROLLCALL, dispatch_workers, TYPE_NUMBER, "8", 1, 256, NULL,
	"Number of trusted workers, and so of connections to the CRM.")
SETTING(SCOPE_ROLLCALL, command_deadline, TYPE_SECONDS, "300", 1, 3600, NULL,
	"Longest wait for an LMTP command or for the next piece of data.")
SETTING(SCOPE_ROLLCALL, session_deadline, TYPE_SECONDS, "1800", 1, 86400, NULL,
	"Longest LMTP session until the end of data.")
SETTING(SCOPE_ROLLCALL, post_deadline, TYPE_SECONDS, "540", 16, 3600, NULL,
	"Longest time from the end of data to the last byte for Postfix; below its lmtp_data_done_timeout of 600 s.")
SETTING(SCOPE_ROLLCALL, resolver, TYPE_STRINGS, "", 0, 1024, NULL,
	"DNS resolvers, ADDRESS or ADDRESS@PORT, several separated by ';'; empty: those of /etc/resolv.conf.")
SETTING(SCOPE_ROLLCALL, dns_deadline, TYPE_SECONDS, "5", 1, 60, NULL,
	"Longest wait for an answer of DNS; after it the post waits in Postfix.")
SETTING(SCOPE_ROLLCALL, dnssec_anchor, TYPE_PATH, "", 0, 4096, NULL,
	"Trust anchors for checking DNSSEC ourselves, e.g. /usr/share/dns/root.key of Debian's dns-root-data; empty: not checked.")
SETTING(SCOPE_ROLLCALL, authenticate, TYPE_BOOLEAN, "yes", 0, 0, NULL,
	"Find out whether authors are who they say, by DKIM signatures and by their domains' DMARC policies, which asks DNS.")
SETTING(SCOPE_ROLLCALL, border_hosts, TYPE_STRINGS, "", 0, 4096, NULL,
	"Our own mail servers that a post may pass before it comes here, as their Received fields name them behind by; empty: hostname.")
SETTING(SCOPE_ROLLCALL, border_authserv_ids, TYPE_STRINGS, "", 0, 4096, NULL,
	"Names under which our border servers write Authentication-Results; SPF is known from those fields only.")
SETTING(SCOPE_ROLLCALL, border_results, TYPE_CHOICE, "above", 0, 0, "above|below",
	"Where border servers put that field: above their Received field, or also directly below it, which takes a border that removes forged ones.")
SETTING(SCOPE_ROLLCALL, sasl_match, TYPE_CHOICE, "address", 0, 0, "none|address|localpart",
	"How the login that Postfix tells (smtpd_sasl_authenticated_header) belongs to an author: as his address, or as what is before its @ in sasl_domains.")
SETTING(SCOPE_ROLLCALL, sasl_domains, TYPE_STRINGS, "", 0, 4096, NULL,
	"Domains whose mail starts at our Postfix: their logged-in authors need no DMARC pass, and sasl_match = localpart may mean them.")
SETTING(SCOPE_ROLLCALL, sasl_method, TYPE_CHOICE, "md5", 0, 0, "smtp|dkim|md5",
	"What an author who is logged in at our Postfix counts as in scenarios; md5 is who has confirmed a post by mail.")
SETTING(SCOPE_ROLLCALL, rules_directory, TYPE_PATH, "/etc/rollcall", 1, 4096, NULL,
	"Where the site's own scenarios stand, in directories named scenari: its own, a domain's and a list's.")
SETTING(SCOPE_ROLLCALL, texts_directory, TYPE_PATH, "/etc/rollcall/texts", 1, 4096, NULL,
	"Where the site's own texts stand, LANGUAGE/NAME each; what is not there comes from the distributed ones.")
SETTING(SCOPE_ROLLCALL, smime_ca_file, TYPE_PATH, "", 0, 4096, NULL,
	"PEM bundle of the certificates that may vouch for authors who sign by S/MIME; empty: no signature counts.")
SETTING(SCOPE_ROLLCALL, smime_crl, TYPE_PATH, "", 0, 4096, NULL,
	"File or directory of CRLs (PEM or DER); if given, a certificate whose issuer has none in date does not count.")
SETTING(SCOPE_ROLLCALL, smime_ocsp, TYPE_BOOLEAN, "no", 0, 0, NULL,
	"Ask the OCSP responder that a certificate names; one that gives no good answer makes it not count.")
SETTING(SCOPE_ROLLCALL, smime_ocsp_networks, TYPE_STRINGS, "", 0, 4096, NULL,
	"Networks of responders that are asked although they are private, e.g. 10.1.2.0/24; public ones always are.")
SETTING(SCOPE_ROLLCALL, log, TYPE_CHOICE, "syslog", 0, 0, "syslog|stderr", "Where the log goes.")
SETTING(SCOPE_ROLLCALL, log_debug, TYPE_BOOLEAN, "no", 0, 0, NULL, "Also log each protocol step.")

/* ---- [rollcall], and [domain NAME] for that domain ---- */
SETTING(SCOPE_SITE, listmasters, TYPE_STRINGS, "", 0, 4096, NULL,
	"Addresses that is_listmaster() and is_owner() of scenarios take for listmasters: those of [rollcall] for all lists, those of a domain for its own.")

/* ---- [crm] ---- */
SETTING(SCOPE_CRM, option_file, TYPE_SECRET, "/etc/rollcall/crm.cnf", 0, 4096, NULL,
	"MySQL option file with host, port, user, password, database and ssl-ca, as mysql --defaults-file reads it.")
SETTING(SCOPE_CRM, option_group, TYPE_TEXT, "client", 1, 64, NULL, "Group of the option file that is read.")
SETTING(SCOPE_CRM, hosts, TYPE_STRINGS, "", 0, 4096, NULL,
	"Servers to try in turn, HOST or HOST:PORT; empty: the option file's host.")
SETTING(SCOPE_CRM, database, TYPE_TEXT, "", 0, 64, NULL, "Database of the view; empty: the option file's.")
SETTING(SCOPE_CRM, view, TYPE_TEXT, "mailinglists_api", 1, 64, NULL, "Name of the view with the subscribers.")
SETTING(SCOPE_CRM, column_name, TYPE_TEXT, "comment_subscriber", 1, 64, NULL, "Column with the person's name.")
SETTING(SCOPE_CRM, column_list, TYPE_TEXT, "list", 1, 64, NULL, "Column with the list: a name, or a whole address.")
SETTING(SCOPE_CRM, column_address, TYPE_TEXT, "user_subscriber", 1, 64, NULL, "Column with the mail address.")
SETTING(SCOPE_CRM, column_mode, TYPE_TEXT, "digest", 1, 64, NULL, "Column with the reception mode.")
SETTING(SCOPE_CRM, column_owner, TYPE_TEXT, "owner", 1, 64, NULL, "Column that is true for the list's owners.")
SETTING(SCOPE_CRM, column_moderator, TYPE_TEXT, "moderator", 1, 64, NULL,
	"Column that is true for the list's moderators.")
SETTING(SCOPE_CRM, subscribe_procedure, TYPE_TEXT, "", 0, 129, NULL,
	"Stored procedure NAME or DATABASE.NAME for wishes to join, called with list and address; for lists whose subscription_requests is procedure.")
SETTING(SCOPE_CRM, unsubscribe_procedure, TYPE_TEXT, "", 0, 129, NULL,
	"The same for wishes to leave.")
SETTING(SCOPE_CRM, connect_deadline, TYPE_SECONDS, "10", 1, 300, NULL, "Longest wait for a connection to the CRM, and for a sign of life on one that is kept.")
SETTING(SCOPE_CRM, query_deadline, TYPE_SECONDS, "120", 1, 3600, NULL, "Longest wait for the CRM's next answer, all of its rows included.")
SETTING(SCOPE_CRM, breaker_failures, TYPE_NUMBER, "3", 1, 1000, NULL,
	"Failed connections in a row after which the CRM is left alone for breaker_pause.")
SETTING(SCOPE_CRM, breaker_pause, TYPE_SECONDS, "15", 1, 3600, NULL,
	"How long a CRM that does not answer is left alone; posts wait in Postfix meanwhile.")
SETTING(SCOPE_CRM, excess_grants, TYPE_CHOICE, "refuse", 0, 0, "refuse|warn",
	"What to do when the CRM user may more than SELECT and SHOW VIEW on the view, and EXECUTE the two procedures where they are set.")
SETTING(SCOPE_CRM, insecure_i_know, TYPE_BOOLEAN, "no", 0, 0, NULL,
	"Speak to the CRM without verified TLS; only for a server on the same machine.")

/* ---- [domain NAME] only ---- */
SETTING(SCOPE_DOMAIN, dkim_keys, TYPE_STRINGS, "", 0, 4096, NULL,
	"DKIM keys that sign for the domain, SELECTOR:/PATH or SELECTOR:credential:NAME each, several separated by ';'.")
SETTING(SCOPE_DOMAIN, authserv_id, TYPE_TEXT, "", 0, 253, NULL,
	"Name under which members are told in Authentication-Results how a post was checked; empty: they are not told.")
SETTING(SCOPE_DOMAIN, arc, TYPE_BOOLEAN, "no", 0, 0, NULL,
	"Add a link to the ARC chain of each post, sealed over all changes, for servers that trust us (RFC 8617).")
SETTING(SCOPE_DOMAIN, arc_key, TYPE_TEXT, "", 0, 63, NULL,
	"Selector of the key in dkim_keys that seals; empty: the first RSA key.")
SETTING(SCOPE_DOMAIN, dkim_expire, TYPE_SECONDS, "14d", 3600, 31536000, NULL,
	"How long our DKIM signatures are valid (x=).")

/* ---- [domain NAME] or [list ADDRESS] ---- */
SETTING(SCOPE_LIST, dmarc_fail_reject, TYPE_CHOICE, "hold", 0, 0, "hold|reject|discard",
	"What becomes of a post that its author's domain disowns (DMARC fails, p=reject) where the scenario would let it out.")
SETTING(SCOPE_LIST, dmarc_fail_quarantine, TYPE_CHOICE, "accept", 0, 0, "accept|hold|reject|discard",
	"The same where the domain only calls it suspicious (p=quarantine, or p=reject while it tests).")
SETTING(SCOPE_LIST, description, TYPE_TEXT, "", 0, 200, NULL, "What the list is, in a few words, for List-Id.")
SETTING(SCOPE_LIST, subject_tag, TYPE_TEXT, "", 0, 60, NULL,
	"Put before the subject, e.g. [choir]; empty leaves the subject, and so the author's DKIM signature, alone.")
SETTING(SCOPE_LIST, reply_to, TYPE_CHOICE, "author", 0, 0, "author|list|both",
	"Where replies go: as the author wrote it, to the list, or to both.")
SETTING(SCOPE_LIST, verp, TYPE_BOOLEAN, "no", 0, 0, NULL,
	"Give each member's copy its own envelope sender, so that bounces tell who bounced.")
SETTING(SCOPE_LIST, unsubscribe_page, TYPE_TEXT, "", 0, 500, NULL,
	"The CRM's page where members leave, for List-Unsubscribe; {list} and {domain} are filled in.")
SETTING(SCOPE_LIST, subscribe_page, TYPE_TEXT, "", 0, 500, NULL,
	"The CRM's page where people join, for List-Subscribe and the answer of -subscribe; {list} and {domain} are filled in.")
SETTING(SCOPE_LIST, help_page, TYPE_TEXT, "", 0, 500, NULL,
	"A page about the list for List-Help; {list} and {domain} are filled in.")
SETTING(SCOPE_LIST, archive_page, TYPE_TEXT, "", 0, 500, NULL,
	"The list's archive for List-Archive; {list} and {domain} are filled in; empty: what HyperKitty has, where that is the archive.")
SETTING(SCOPE_LIST, archived_at, TYPE_TEXT, "", 0, 500, NULL,
	"A post's address in the archive (RFC 5064); {list}, {domain}, {id} (Message-ID) and {hash} are filled in; empty: what HyperKitty has, where that is the archive.")
SETTING(SCOPE_LIST, archive, TYPE_TEXT, "", 0, 500, NULL,
	"Where posts are archived: maildir:/PATH, mbox:/PATH or hyperkitty:https://HOST/hyperkitty; {list} and {domain} are filled in; empty: nowhere.")
SETTING(SCOPE_LIST, archive_backlog, TYPE_SIZE, "1G", 1048576, 1099511627776, NULL,
	"How much may wait for an archive that takes nothing (and 10000 posts at most); from then on posts go out without being archived, and the owners hear.")
SETTING(SCOPE_LIST, archive_key_file, TYPE_SECRET, "", 0, 4096, NULL,
	"File with HyperKitty's MAILMAN_ARCHIVER_KEY, closed to group and others.")
SETTING(SCOPE_LIST, archive_ca_file, TYPE_PATH, "", 0, 4096, NULL,
	"PEM bundle of the certificates that vouch for HyperKitty's host; empty: the system's.")
SETTING(SCOPE_LIST, shrink_guard, TYPE_SECONDS, "6h", 0, 604800, NULL,
	"How long posts wait when a list has lost more than half of its members at once, while Rollcall runs; 0: never.")
SETTING(SCOPE_LIST, scenario, TYPE_TEXT, "private", 1, 64, NULL,
	"Who may post: the name of the scenario send.NAME that decides.")
SETTING(SCOPE_LIST, subscription_requests, TYPE_CHOICE, "page", 0, 0, "page|owners|procedure",
	"What mail to -subscribe and -unsubscribe does beside the answer with the page: nothing, a note to the owners, or the CRM's procedure once the wish is proved.")
SETTING(SCOPE_LIST, duplicates, TYPE_SECONDS, "1d", 0, 2592000, NULL,
	"A post with the Message-ID and the content of one that the list distributed in this time, come by another path, is dropped and logged; 0: it goes out, too.")
SETTING(SCOPE_LIST, on_ambiguous, TYPE_CHOICE, "resend", 0, 0, "resend|hold",
	"What to do with a post of which nobody knows whether Postfix took it, because the connection broke before its answer: send it again, so that members may have it twice, or ask the moderators to look.")
SETTING(SCOPE_LIST, list_status, TYPE_CHOICE, "open", 0, 0, "open|closed",
	"Whether posts are taken at all; closed refuses them before any rule is looked at.")
SETTING(SCOPE_LIST, auto_generated, TYPE_CHOICE, "discard", 0, 0, "discard|scenario",
	"What becomes of mail that a process wrote by itself, such as cron (Auto-Submitted: auto-generated); other automatic mail is always discarded, and none is ever answered.")
SETTING(SCOPE_LIST, dkim_is_smtp, TYPE_BOOLEAN, "no", 0, 0, NULL,
	"Take the method dkim for smtp in scenarios, as Sympa does since 6.2.71b.")
SETTING(SCOPE_LIST, banned, TYPE_STRINGS, "", 0, 65536, NULL,
	"Addresses that may not post: whole ones, with one * for anything, or patterns that begin with ^; more of them may stand in search_filters/ban.txt.")
SETTING(SCOPE_LIST, banned_action, TYPE_CHOICE, "discard", 0, 0, "discard|reject|hold|no",
	"What becomes of a banned author's post, before the scenario is asked; no leaves it to the scenario.")
SETTING(SCOPE_LIST, emergency, TYPE_BOOLEAN, "no", 0, 0, NULL,
	"The emergency brake: hold every post for the moderators, whatever the scenario says.")
SETTING(SCOPE_LIST, administrivia, TYPE_CHOICE, "no", 0, 0, "no|hold|reject|discard",
	"What becomes of a post that looks like a command for the -request address, before the scenario is asked.")
SETTING(SCOPE_LIST, require_explicit_destination, TYPE_CHOICE, "no", 0, 0, "no|hold|reject|discard",
	"What becomes of a post that names neither the list nor one of acceptable_aliases in To or Cc, before the scenario is asked.")
SETTING(SCOPE_LIST, acceptable_aliases, TYPE_STRINGS, "", 0, 4096, NULL,
	"Further addresses that stand for the list in To and Cc.")
SETTING(SCOPE_LIST, max_recipients, TYPE_NUMBER, "0", 0, 100000, NULL,
	"From how many addresses in To and Cc on a post has too many recipients; 0: never.")
SETTING(SCOPE_LIST, max_recipients_action, TYPE_CHOICE, "hold", 0, 0, "hold|reject|discard|no",
	"What becomes of a post with too many recipients, before the scenario is asked.")
SETTING(SCOPE_LIST, max_size, TYPE_SIZE, "0", 0, 1073741824, NULL,
	"From how many bytes on a post is too big for the list; 0: never.")
SETTING(SCOPE_LIST, max_size_action, TYPE_CHOICE, "hold", 0, 0, "hold|reject|discard|no",
	"What becomes of a post that is too big for the list, before the scenario is asked.")
SETTING(SCOPE_LIST, no_subject, TYPE_CHOICE, "no", 0, 0, "no|hold|reject|discard",
	"What becomes of a post without a subject, before the scenario is asked.")
SETTING(SCOPE_LIST, digest_reply, TYPE_CHOICE, "no", 0, 0, "no|hold|reject|discard",
	"What becomes of an answer to a digest that kept the digest's subject, before the scenario is asked.")
SETTING(SCOPE_LIST, language, TYPE_CHOICE, "en", 0, 0, "en|nl|fr|de", "Language of the mails that Rollcall itself writes.")
SETTING(SCOPE_LIST, unauthenticated_refusals, TYPE_CHOICE, "refuse", 0, 0, "refuse|hold|discard",
	"A post that is refused while nothing proves its envelope sender, so that the bounce may hit somebody who never wrote.")
SETTING(SCOPE_LIST, held_life, TYPE_SECONDS, "7d", 60, 31536000, NULL,
	"How long a held post waits for a moderator, or for its author's word, before it expires; time in which Rollcall does not run does not count.")
SETTING(SCOPE_LIST, dmarc_mitigation, TYPE_CHOICE, "munge-if-needed", 0, 0, "none|munge|munge-if-needed|wrap|wrap-if-needed|reject",
	"What to do so that DMARC does not make members' servers refuse a post: put the list into From (munge), put the post into a mail from the list "
	"(wrap), or refuse it; if needed: when the author's domain asks for quarantine or reject and what the list changes breaks his signature.")
SETTING(SCOPE_LIST, header_file, TYPE_PATH, "", 0, 4096, NULL,
	"Text that stands above each post: a file in UTF-8, with fields such as {list}; breaks the author's DKIM signature.")
SETTING(SCOPE_LIST, footer_file, TYPE_PATH, "", 0, 4096, NULL,
	"Text that stands below each post: a file in UTF-8, with fields such as {unsubscribe_page}; breaks the author's DKIM signature.")
SETTING(SCOPE_LIST, footer_signed, TYPE_CHOICE, "skip", 0, 0, "skip|around",
	"A post that is signed or encrypted as a whole (S/MIME, PGP/MIME) goes out without header_file and footer_file, or inside of a mail that has them.")
SETTING(SCOPE_LIST, filter_pass_types, TYPE_STRINGS, "", 0, 4096, NULL,
	"Types of parts that may pass, such as text/plain;image; empty: all.")
SETTING(SCOPE_LIST, filter_remove_types, TYPE_STRINGS, "", 0, 4096, NULL,
	"Types of parts that are removed, such as application/zip;video.")
SETTING(SCOPE_LIST, filter_remove_extensions, TYPE_STRINGS, "", 0, 4096, NULL,
	"Extensions of file names whose parts are removed, such as exe;js; each extension of a name counts.")
SETTING(SCOPE_LIST, filter_part_size, TYPE_SIZE, "0", 0, 1073741824, NULL, "Parts with more bytes are removed; 0: none.")
SETTING(SCOPE_LIST, filter_empty, TYPE_CHOICE, "reject", 0, 0, "reject|hold|discard",
	"What to do with a post of which the filter leaves nothing; one that is held goes out unfiltered when a moderator accepts it, who is told so.")
SETTING(SCOPE_LIST, collapse_alternatives, TYPE_BOOLEAN, "no", 0, 0, NULL,
	"Keep only the first of the alternatives that a post gives (multipart/alternative), which is the plain text.")
SETTING(SCOPE_LIST, html_to_text, TYPE_BOOLEAN, "no", 0, 0, NULL, "Turn HTML into plain text, and drop it where plain text stands beside it.")
SETTING(SCOPE_LIST, feedback_id, TYPE_TEXT, "", 0, 200, NULL,
	"A Feedback-ID field for Gmail's reports, such as choir:lists:example:rollcall; empty: none of ours.")
SETTING(SCOPE_LIST, cfbl_address, TYPE_TEXT, "", 0, 254, NULL,
	"A CFBL-Address field (RFC 9477): where complaints about our mail go, such as fbl@example.org; report=arf; empty: none.")
SETTING(SCOPE_LIST, digest_at, TYPE_TEXT, "18:00", 0, 5, NULL,
	"Time of day at which the digest leaves, if anything waits for it; empty: at no time of day.")
SETTING(SCOPE_LIST, digest_days, TYPE_STRINGS, "", 0, 40, NULL,
	"Days on which digest_at holds, such as mon;wed;fri; empty: every day.")
SETTING(SCOPE_LIST, digest_timezone, TYPE_TEXT, "", 0, 64, NULL,
	"Time zone of digest_at, such as Europe/Amsterdam; empty: the system's.")
SETTING(SCOPE_LIST, digest_age, TYPE_SECONDS, "0", 0, 31536000, NULL,
	"The digest also leaves when its oldest post has waited so long; 0: never for that.")
SETTING(SCOPE_LIST, digest_size, TYPE_SIZE, "0", 0, 1073741824, NULL,
	"The digest also leaves when its posts have so many bytes; 0: never for that.")
SETTING(SCOPE_LIST, digest_posts, TYPE_NUMBER, "0", 0, 100000, NULL,
	"The digest also leaves when it has so many posts; 0: never for that.")
SETTING(SCOPE_LIST, digest_part, TYPE_SIZE, "5M", 1024, 1073741824, NULL,
	"An issue of more bytes than this is sent in parts; a larger post is a part of its own.")
SETTING(SCOPE_LIST, nodupes, TYPE_BOOLEAN, "no", 0, 0, NULL,
	"Whether members whose address stands in To or Cc get no copy from the list.")
SETTING(SCOPE_LIST, nodupes_lists, TYPE_BOOLEAN, "no", 0, 0, NULL,
	"Whether members of two lists that one post goes to get one copy.")
