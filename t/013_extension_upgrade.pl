
# ALTER EXTENSION UPDATE: from every version that was released, a database with
# data, rights and jobs comes to what CREATE EXTENSION makes of the newest, line
# by line, and sessions that have the old library go on with it.
#
# All of that happens in an installation of the test's own, where a next version
# is made of the source tree by the steps of CONTRIBUTING.md: the version of the tree is
# frozen, and the next has a column, a table and a function more.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();

# ------------------------------------------------- an installation of its own

my $tested = PostgreSQL::Test::Cluster->new('tested');
my %installed = map { $_ => $tested->config_data("--$_") } qw(bindir sharedir pkglibdir);
foreach my $folder (values %installed)
{
	system_or_bail('mkdir', '-p', "$dir/root$folder");
	system_or_bail('cp', '-as', "$folder/.", "$dir/root$folder");
}
# programs that look for the others where they are themselves; postgres.real, where the server runs under another program
foreach my $program (grep { -e } map { "$dir/root$installed{bindir}/$_" } qw(postgres postgres.real initdb pg_ctl))
{
	system_or_bail('cp', '--remove-destination', '-L', $program =~ s/^\Q$dir\E.root//r, $program);
}
my $scripts = "$dir/root$installed{sharedir}/extension";
my $control = "$scripts/poa_suppress.control";
my ($version) = slurp_file($control) =~ /^default_version *= *'(.*)'/m;

# The frozen versions, and that of the tree, frozen or not.
my @versions = sort grep { !/--/ } map { /poa_suppress--(.*)\.sql$/ } glob "'$scripts/poa_suppress--*.sql'";
ok((grep { $_ eq $version } @versions), "version $version is installed");
note("from @versions");

my $node = PostgreSQL::Test::Cluster->new('node', install_path => "$dir/root" . ($installed{bindir} =~ s/\/bin$//r));
$node->init(extra => [ '--no-locale', '--encoding=UTF8' ]);
# some answers are estimates
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;

# pg_cron's library has to be the first one of the server, so it cannot be had under a wrapper, such as a sanitizer.
my $has_cron = !$ENV{WRAPPER} && $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_cron'");
if ($has_cron)
{
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_cron'\ncron.use_background_workers = on");
	$node->restart;
	$node->safe_psql('postgres', 'CREATE EXTENSION pg_cron');
}

# --------------------------------------------------------- what is in there

$node->safe_psql('postgres', 'CREATE ROLE dno; CREATE ROLE operator LOGIN; CREATE ROLE auditor; CREATE ROLE writer');

# In each database: hubs with a window and without, alerts in each place, an
# alert that is still dark, own distributors, rights, also some of the users' own.
sub database
{
	my ($name, $version) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, <<"SQL");
CREATE SCHEMA smart;
GRANT USAGE ON SCHEMA smart TO PUBLIC;
CREATE EXTENSION poa_suppress SCHEMA smart VERSION '$version';
SET search_path = public, smart;
INSERT INTO poa.distributor VALUES (41, 'NEWD', NULL, 'New Networks');
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list SELECT n::bigint::guid FROM generate_series(1, 200) AS n;
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', n::bigint::guid, (10 + n % 4)::text || '00000000000' FROM generate_series(1, 200) AS n;
SELECT count(poa.track_activation(n::bigint::guid, '2022-01-01 00:00:00+00', 'r' || n, '2021-12-31 00:00:00+00')) FROM generate_series(1, 100) AS n;
SELECT poa.cancel_activation(90::bigint::guid, '2021-12-31 02:00:00+00'), poa.record_outcome('r91', 'succeeded');
CREATE TABLE alerts (id bigint, alert_code text, chf guid, received_at timestamptz, mpxn text) PARTITION BY RANGE (id);
CREATE TABLE alerts_1 PARTITION OF alerts FOR VALUES FROM (0) TO (100);
CREATE TABLE alerts_2 PARTITION OF alerts DEFAULT;
CREATE TABLE watched (LIKE alerts);
SELECT poa.attach('alerts'), poa.attach('watched', mode => 'shadow');
INSERT INTO alerts SELECT n, 'AD1', n::bigint::guid, '2022-01-01 00:15:00+00', (10 + n % 4)::text || '00000000000' FROM generate_series(1, 150) AS n;
INSERT INTO watched SELECT n, 'AD1', n::bigint::guid, '2022-01-01 00:16:00+00', '4100000000000' FROM generate_series(1, 20) AS n;
INSERT INTO alerts SELECT 1000 + n, '8F35', n::bigint::guid, '2022-01-01 00:20:00+00', NULL FROM generate_series(1, 95) AS n;
SELECT poa.release(log_id, 'resident rang') FROM poa.suppression_log WHERE log_id <= 10;
SELECT poa.grant_dno('dno', 10, 41), poa.grant_operator('operator'), poa.grant_auditor('auditor');
GRANT INSERT ON alerts TO operator, writer;
GRANT USAGE ON SCHEMA poa TO writer;
GRANT SELECT ON poa.manufacturer TO writer;
REVOKE SELECT ON poa.suppression_monthly FROM dno;
ANALYZE;
SQL
	return;
}

# The answers, none of which has the time of today in it.
my @range = (q{'2022-01-01'}, q{'2022-02-01'});
my %answers = (
	dno => [
		'SELECT log_id, received_at, alert_code, mpxn, distributor_id, distributor, chf, device, manufacturer, request_id, activates_at, delay, diverted, released_at IS NULL, release_reason, alert FROM poa.suppressed_alert ORDER BY log_id',
		"SELECT * FROM poa.restoration($range[0], $range[1]) ORDER BY log_id",
		"SELECT * FROM poa.still_dark(as_of => '2022-01-02') ORDER BY log_id",
		"SELECT * FROM poa.replay($range[0], $range[1], '0', '15 minutes') ORDER BY 1" ],
	operator => [
		'SELECT * FROM poa.suppression_monthly ORDER BY 1, 2',
		'SELECT * FROM poa.window_fit ORDER BY 1, 2',
		"SELECT * FROM poa.late_activation($range[0], $range[1]) ORDER BY chf, decided_at",
		q{SELECT e.* FROM generate_series(80, 110) AS n, poa.explain(n::bigint::smart.guid, '2022-01-01 00:30:00+00') WITH ORDINALITY AS e ORDER BY n, e.ordinality},
		'SELECT e.* FROM generate_series(199, 202) AS n, poa.eligibility(n::bigint::smart.guid) WITH ORDINALITY AS e ORDER BY n, e.ordinality' ],
	auditor => [
		'SELECT check_name, ok FROM poa.health()',
		'SELECT name, labels FROM poa.metrics ORDER BY 1, 2',
		'SELECT count(*) FROM poa.suppressed_alert' ],
	writer => [ 'SELECT manufacturer, name, window_before, window_after FROM poa.manufacturer' ]);

sub answers
{
	my $db = shift;
	my $found = '';
	foreach my $role (sort keys %answers)
	{
		$found .= "$_\n" . $node->safe_psql($db, "SET ROLE $role; $_") . "\n" foreach @{ $answers{$role} };
	}
	return $found;
}

# Queries for the rows of all tables, one without columns to come.
sub rows_in
{
	my ($db, $condition) = @_;
	return $node->safe_psql($db, <<"SQL");
SELECT format('SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM (SELECT %s FROM %s) AS t;',
	c.oid::regclass, string_agg(quote_ident(attname), ', ' ORDER BY attnum), c.oid::regclass)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace, 'public'::regnamespace) AND $condition
GROUP BY c.oid ORDER BY c.oid::regclass::text
SQL
}

# What was granted to roles of the users, which an update revokes from none.
sub granted
{
	my $db = shift;
	return $node->safe_psql($db, <<'SQL');
SELECT object, grantee::regrole, privilege_type
FROM (SELECT oid::regclass::text, relacl FROM pg_class UNION ALL SELECT oid::regprocedure::text, proacl FROM pg_proc
	UNION ALL SELECT attrelid::regclass || '.' || attname, attacl FROM pg_attribute UNION ALL SELECT nspname, nspacl FROM pg_namespace) AS o (object, acl),
	aclexplode(acl) AS r
WHERE grantee >= 16384
ORDER BY 1, 2::text, 3
SQL
}

# Alerts are judged, released and counted.
sub works_on
{
	my ($db, $what) = @_;
	is($node->safe_psql($db, <<'SQL'), "0|50|50\n\n49\nt|t\nt|t", "$db: works on, $what");
SET search_path = public, smart;
BEGIN;
INSERT INTO alerts SELECT 5000 + n, 'AD1', (30 + n)::bigint::guid, '2022-01-01 00:17:00+00', NULL FROM generate_series(1, 50) AS n;
INSERT INTO alerts SELECT 5050 + n, 'AD1', (100 + n)::bigint::guid, '2022-01-01 00:17:00+00', NULL FROM generate_series(1, 50) AS n;
SELECT count(*) FILTER (WHERE chf::bigint <= 100), count(*) FILTER (WHERE chf::bigint > 100),
	(SELECT count(*) FROM poa.suppression_log WHERE (alert->>'id')::bigint BETWEEN 5001 AND 5100) FROM alerts WHERE id > 5000;
SELECT poa.release(max(log_id), 'after all') FROM poa.suppression_log;
SELECT 50 - count(*) FILTER (WHERE chf::bigint <= 100) FROM alerts WHERE id > 5000;
INSERT INTO poa.device VALUES (201::bigint::guid, 'ESME', 2, '1063', 201::bigint::guid, NULL);
INSERT INTO poa.guid_list VALUES (201::bigint::guid);
SELECT poa.track_activation(201::bigint::guid, request_id => 'new') > 100, poa.track_activation(1::bigint::guid, request_id => 'r1') = 1;
SELECT count(*) = 1, bool_and(met) FROM poa.explain(201::bigint::guid) WHERE criterion = 'verdict';
ROLLBACK;
SQL
	return;
}

# The lines that only one of them has.
sub difference
{
	my ($got, $want) = @_;
	my %count;
	$count{$_}++ foreach split /\n/, $got;
	$count{$_}-- foreach split /\n/, $want;
	return join "\n", map { ($count{$_} > 0 ? '+ ' : '- ') . $_ } sort grep { $count{$_} } keys %count;
}

my $members = slurp_file('t/members.sql');

my %db = map { $_ => 'from_' . s/\W/_/gr } @versions;
my (%before, %rows);
foreach my $from (@versions)
{
	database($db{$from}, $from);
	works_on($db{$from}, "as $from");
	$rows{$from} = rows_in($db{$from}, 'true');
	$before{$from} = { answers => answers($db{$from}), granted => granted($db{$from}), rows => $node->safe_psql($db{$from}, $rows{$from}) };
}
my $db = $db{$version};

my $job = q{SELECT jobid, schedule, command, database, username, active FROM cron.job};
my $jobs;
if ($has_cron)
{
	$node->safe_psql('postgres', qq{
		GRANT USAGE ON SCHEMA cron TO operator;
		SELECT cron.schedule_in_database('poa-still-dark', '0 0 1 1 *', 'SELECT poa.release_still_dark()', '$db', 'operator')});
	$jobs = $node->safe_psql('postgres', $job);
}

# ------------------------------------------------------------ the next version

# What the next version has more, in the tree and by the script from the one before.
my $sql = <<'SQL';
ALTER TABLE poa.suppression_log ADD COLUMN note text;
COMMENT ON COLUMN poa.suppression_log.note IS 'of the next version';
CREATE TABLE poa.note (note_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text NOT NULL);
COMMENT ON TABLE poa.note IS 'of the next version';
SELECT pg_catalog.pg_extension_config_dump('poa.note', '');
SELECT pg_catalog.pg_extension_config_dump('poa.note_note_id_seq', '');
CREATE FUNCTION poa.next_version() RETURNS text AS 'MODULE_PATHNAME', 'poa_next_version' LANGUAGE C IMMUTABLE PARALLEL SAFE;
REVOKE ALL ON FUNCTION poa.next_version() FROM PUBLIC;
COMMENT ON FUNCTION poa.next_version() IS 'of the next version';
SQL
my $c = <<'C';

PG_FUNCTION_INFO_V1(poa_next_version);
Datum
poa_next_version(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall1(textin, CStringGetDatum("next"));
}
C
# the longest file comes last, so that all which it may refer to is there
my $tree = "$dir/tree";
mkdir $tree or die;
system_or_bail('cp', '-a', (grep { -e } qw(Makefile poa_suppress.control src bin docs README.md CHANGELOG.md), glob('poa_suppress--*.sql')), $tree);
my ($last) = slurp_file("$tree/Makefile") =~ /^PARTS *= (?:.*\\\n)*.*?(\w+)$/m or BAIL_OUT('no PARTS in the Makefile');

# The server under test may be a copy without the headers, before others in PATH.
my ($pg_config) = grep { -e qx('$_' --includedir-server 2>/dev/null) =~ s/\n/\/postgres.h/r } $ENV{PG_CONFIG} // (), map { "$_/pg_config" } split /:/, $ENV{PATH};

sub make
{
	my ($target, @variables) = @_;
	my ($out, $err) = run_command([ 'make', '-C', $tree, '-s', '-j2', 'with_llvm=no', "PG_CONFIG=$pg_config", @variables, $target ]);
	return "$out$err";
}
if (!-e "$tree/poa_suppress--$version.sql")
{
	is(make('freeze'), '', 'make freeze');
}
ok(-s "$tree/poa_suppress--$version.sql", "$version is frozen");
like(make('freeze'), qr/^poa_suppress--\Q$version\E.sql is frozen already$/m, 'a version is frozen once');
is(make('all'), '', 'what was frozen is built');
append_to_file("$tree/src/$last.sql", $sql);
append_to_file("$tree/src/poa_suppress.c", $c);
like(make('all'), qr/^src\/\*\.sql is not poa_suppress--\Q$version\E\.sql any more: give it another default_version/m, 'and nothing else is built under its number');

my $next = 'next';
my $text = slurp_file("$tree/poa_suppress.control") =~ s/^(default_version *= *').*'/$1$next'/mr;
unlink "$tree/poa_suppress.control" or die;
append_to_file("$tree/poa_suppress.control", $text);
append_to_file("$tree/poa_suppress--$version--$next.sql", qq{\\echo Use "ALTER EXTENSION poa_suppress UPDATE" to load this file. \\quit\n$sql});
is(make('install', "DESTDIR=$dir/stage"), '', 'the next version is built and installed');

# Sessions that have judged alerts by the old library: one idle with a prepared
# statement, one in a transaction.
my $one = q{INSERT INTO public.alerts VALUES (6000, 'AD1', '0000000000000001', '2022-01-01 00:15:00+00', NULL)};
my $idle = $node->background_psql($db, on_error_stop => 0);
$idle->query_safe("SET search_path = public, smart; PREPARE one AS $one; EXECUTE one;");
my $open = $node->background_psql($db);
$open->query_safe("PREPARE one AS $one; BEGIN; EXECUTE one;");

# Files are replaced as install does it, by others of the same name.
foreach my $file (split /\n/, (run_command([ 'find', "$dir/stage", '-name', 'poa_suppress*', '-type', 'f' ]))[0])
{
	my $to = $file =~ /\.(control|sql)$/ ? $scripts : $file =~ /\.so$/ ? "$dir/root$installed{pkglibdir}" : next;
	system_or_bail('cp', '--remove-destination', $file, $to);
}
ok(-s "$scripts/poa_suppress--$_.sql", "poa_suppress--$_.sql is installed") foreach @versions, $next, "$version--$next";

# The new library with the old scripts, in sessions that begin now, and the old one in those that go on.
works_on($db{$_}, "with scripts of $_ and the next library") foreach @versions;
is($idle->query_safe(q{EXECUTE one; SELECT bool_and(met) FROM poa.explain('0000000000000001', '2022-01-01 00:30:00+00') WHERE criterion = 'verdict'}), 't',
	'the old library goes on when its file is replaced');

# ------------------------------------------------------------- the update

sub session
{
	my $out = '';
	return { out => \$out, handle => IPC::Run::start(
			[ $node->installed_command('psql'), '-XAtq', '-d', $node->connstr($db), '-c', $_[0] ], '>', \$out, '2>&1') };
}
sub waiting
{
	return $node->poll_query_until('postgres', "SELECT count(*) = $_[0] FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
}
my $undone = session('BEGIN; ALTER EXTENSION poa_suppress UPDATE; ROLLBACK');
ok(waiting(1), 'an update waits for who is diverting');
my $update = session('ALTER EXTENSION poa_suppress UPDATE');
my $late = session($one);
ok(waiting(3), 'and others wait for the update');
$open->query_safe('EXECUTE one; COMMIT;');
$_->{handle}->finish foreach $undone, $update, $late;
is(join('', map { ${ $_->{out} } } $undone, $update, $late), '', 'all go on');
$_->query_safe('EXECUTE one') foreach $idle, $open;
is($node->safe_psql($db, "SELECT (SELECT count(*) FROM alerts WHERE id = 6000), (SELECT count(*) FROM poa.suppression_log WHERE alert->>'id' = '6000')"),
	'0|7', 'alerts are diverted before, during and after');
is($idle->query_safe(q{BEGIN; INSERT INTO alerts VALUES (6001, 'AD1', 101::bigint::guid, '2022-01-01 00:15:00+00', NULL) RETURNING id; ROLLBACK}), '6001', 'and stored, by the old library');
$idle->query('SELECT poa.next_version()');
like($idle->{stderr}, qr/could not find function "poa_next_version" in file/, 'which has no function of the next one');
$idle->{stderr} = '';
is($idle->query_safe('SELECT 42'), '42', 'which is an error and no more');
is($node->safe_psql($db, 'SELECT poa.next_version()'), 'next', 'a new session has it');
$_->quit foreach $idle, $open;
$node->safe_psql($db, 'SET session_replication_role = replica; ALTER TABLE poa.suppression_log DISABLE TRIGGER append_only; '
	. "DELETE FROM poa.suppression_log WHERE alert->>'id' = '6000'; ALTER TABLE poa.suppression_log ENABLE ALWAYS TRIGGER append_only");

foreach my $from (grep { $_ ne $version } @versions)
{
	$node->safe_psql($db{$from}, 'ALTER EXTENSION poa_suppress UPDATE');
}

# ---------------------------------------- the same as a fresh one, line by line

database('fresh', $next);
my $fresh = $node->safe_psql('fresh', $members);
like($fresh, qr/^column poa\.suppression_log\.note: .* text/m, 'the next version is there');
answers('fresh');		# poa.metrics keeps what it has counted
# neither clocks nor numbers of transactions
my $without_clock = rows_in('fresh', q{a.atttypid NOT IN ('timestamptz'::regtype, 'xid8'::regtype)});
foreach my $from (@versions)
{
	my $db = $db{$from};
	is($node->safe_psql($db, "SELECT extversion FROM pg_extension WHERE extname = 'poa_suppress'"), $next, "$db: updated");
	is(difference($node->safe_psql($db, $members), $fresh), '', "$db: members are those of a fresh one");
	is(difference($node->safe_psql($db, $without_clock), $node->safe_psql('fresh', $without_clock)), '', "$db: so are rows");
	is(difference(answers($db), answers('fresh')), '', "$db: and answers");
	is(difference($node->safe_psql($db, $rows{$from}), $before{$from}{rows}), '', "$db: rows are as before");
	is(difference(answers($db), $before{$from}{answers}), '', "$db: so are answers");
	unlike(difference(granted($db), $before{$from}{granted}), qr/^-/m, "$db: and rights of the users' roles");
	works_on($db, 'updated');
}

# What a script may forget or do otherwise is noticed.
my @plants = (
	[ '', qr/\A\z/ ],
	[ 'COMMENT ON COLUMN poa.suppression_log.note IS NULL', qr/^- comment column note of table poa\.suppression_log/m ],
	[ q{ALTER TABLE poa.suppression_log ALTER COLUMN note TYPE varchar}, qr/^\+ column poa\.suppression_log\.note: \d+ character varying/m ],
	[ q{ALTER TABLE poa.suppression_log ALTER COLUMN note SET DEFAULT 'x'}, qr/^\+ column poa\.suppression_log\.note: .*default/m ],
	[ 'ALTER TABLE poa.activation DROP COLUMN firmware_hash, ADD COLUMN firmware_hash bytea', qr/^\+ column poa\.activation\.firmware_hash:/m ],
	[ 'GRANT EXECUTE ON FUNCTION poa.next_version() TO PUBLIC', qr/^\+ right poa\.next_version\(\): PUBLIC EXECUTE/m ],
	[ 'GRANT SELECT ON poa.note TO dno', qr/^\+ initial right table poa\.note: dno SELECT/m ],
	[ 'ALTER FUNCTION poa.next_version() STABLE', qr/^[+] function poa\.next_version\(\):/m ],
	[ 'ALTER FUNCTION poa.explain(smart.guid, timestamptz) RESET search_path', qr/^- function poa\.explain.* SET search_path/m ],
	[ 'CREATE INDEX planted ON poa.suppression_log (note)', qr/^\+ index poa\.planted:/m ],
	[ 'ALTER TABLE poa.note ADD CONSTRAINT planted CHECK (note_id > 0)', qr/^\+ constraint planted on poa\.note:/m ],
	[ 'ALTER TABLE poa.note DROP CONSTRAINT note_pkey', qr/^- constraint note_pkey on poa\.note:/m ],
	[ 'ALTER TABLE poa.suppression_log ENABLE TRIGGER append_only', qr/^\+ trigger append_only on poa\.suppression_log: O/m ],
	[ 'ALTER TABLE poa.suppression_log NO FORCE ROW LEVEL SECURITY', qr/^- relation poa\.suppression_log: .* forced/m ],
	[ 'ALTER POLICY own_alerts ON poa.suppression_log USING (true)', qr/^\+ policy own_alerts on poa\.suppression_log: .*true/m ],
	[ 'ALTER VIEW poa.metrics SET (security_barrier = false)', qr/^\+ relation poa\.metrics: .*security_barrier=false/m ],
	[ 'CREATE OR REPLACE VIEW poa.window_fit WITH (security_invoker = true, security_barrier = true) AS SELECT f.manufacturer, f.month, f.alerts + 1 AS alerts, f.p50, f.p95, f.p99, f.longest, f.share_in_last_5_minutes FROM (SELECT NULL::text AS manufacturer, NULL::date AS month, 0::bigint AS alerts, NULL::interval AS p50, NULL::interval AS p95, NULL::interval AS p99, NULL::interval AS longest, NULL::numeric AS share_in_last_5_minutes) AS f', qr/^\+ rule _RETURN on poa\.window_fit:/m ],
	[ q{SELECT pg_catalog.pg_extension_config_dump('poa.note', 'WHERE false')}, qr/^\+ dumped poa\.note: WHERE false/m ],
	[ 'ALTER EXTENSION poa_suppress DROP FUNCTION poa.next_version()', qr/^- member function poa\.next_version\(\)/m ],
	[ 'ALTER SEQUENCE poa.note_note_id_seq CACHE 10', qr/^\+ sequence poa\.note_note_id_seq: .* 10 f/m ],
	[ 'ALTER OPERATOR smart.= (smart.guid, smart.guid) SET (RESTRICT = NONE)', qr/^\+ operator smart\.=/m ]);
foreach my $n (0 .. $#plants)
{
	my ($plant, $noticed) = @{ $plants[$n] };
	append_to_file("$scripts/poa_suppress--$next--plant$n.sql", "$plant;\n");
	like(difference($node->safe_psql($db, "BEGIN; ALTER EXTENSION poa_suppress UPDATE TO 'plant$n'; $members; ROLLBACK"), $fresh), $noticed, "noticed: $plant");
}

# --------------------------------------------------------------- jobs

SKIP:
{
	skip 'jobs of pg_cron: it is not installed (Debian: postgresql-NN-cron), or the server runs under a wrapper', 2 unless $has_cron;
	is($node->safe_psql('postgres', $job), $jobs, 'the job of pg_cron is as it was');
	my ($command, $where, $who) = (split /\|/, $jobs)[ 2 .. 4 ];
	is($node->safe_psql($where, $command, extra_params => [ '-U', $who ]), '5', 'and does its work');
}

$node->stop;
my @complaints = grep { /WARNING|PANIC|TRAP|not owned|leak/ && !/terminat|shutdown/ } split /\n/, slurp_file($node->logfile);
is(join("\n", @complaints), '', 'the server has nothing to complain about');

done_testing();
