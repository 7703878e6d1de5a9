
# Dump and restore: the same rows, numbers, rights and behaviour on the other
# side, and nothing is judged on the way.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init;
$old->start;
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
$new->start;

my $at = "'2030-01-01 00:15:00+00'";
my @roles = qw(dno_ten dno_more dno_member operator auditor dsp writer);
my $roles = join "\n", map { "CREATE ROLE $_;" } @roles;
$_->safe_psql('postgres', "$roles GRANT dno_ten TO dno_member; GRANT pg_read_server_files TO dsp;") foreach $old, $new;

# A database with something of everything.
$old->safe_psql('postgres', 'CREATE DATABASE source');
$old->safe_psql('source', <<"SQL");
CREATE SCHEMA smart;
GRANT USAGE ON SCHEMA smart TO PUBLIC;
CREATE EXTENSION poa_suppress SCHEMA smart;
SET search_path = public, smart;
GRANT CREATE ON SCHEMA public TO dsp;

INSERT INTO poa.distributor VALUES (41, 'NEWD', NULL, 'New Networks'), (9, NULL, NULL, 'Below the shipped ones');
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '1 minute', '30 minutes'), ('118F', 'Aclara', '0', '45 minutes');
INSERT INTO poa.guid_list SELECT n::bigint::guid FROM generate_series(1, 200) AS n;
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', (n % 50)::bigint::guid,
	(9 + n % 33)::text || '00000000000' FROM generate_series(1, 200) AS n;
SELECT count(poa.track_activation(n::bigint::guid, '2030-01-01 00:00:00+00'::timestamptz + n % 7 * interval '1 minute',
	'r' || n, '2029-12-31 00:00:00+00')) FROM generate_series(1, 100) AS n;
SELECT count(poa.track_activation(n::bigint::guid, '2030-01-02 00:00:00+00', NULL, '2029-12-31 01:00:00+00'))
	FROM generate_series(1, 10) AS n;
SELECT poa.cancel_activation(11::bigint::guid, '2029-12-31 02:00:00+00');
SELECT poa.record_outcome('r12', 'succeeded'), poa.record_outcome('r13', 'no_image_held');
SELECT poa.refuse_activation('r14', 'E20', '2029-12-31 03:00:00+00'), poa.refuse_activation('early', 'E4', '2029-12-31 03:00:00+00'),
	poa.cancel_activation(150::bigint::guid, '2029-12-31 02:00:00+00');
-- meters that have moved, and one that has come back
UPDATE poa.device SET chf = 51::bigint::guid WHERE device IN (160::bigint::guid, 161::bigint::guid);
UPDATE poa.device SET chf = 11::bigint::guid WHERE device = 161::bigint::guid;
-- numbers that are handed out and never used
BEGIN;
SELECT poa.track_activation(150::bigint::guid, received_at => '2030-01-01 00:00:00+00');
ROLLBACK;

CREATE TABLE alerts (id int PRIMARY KEY, alert_code text, chf guid, received_at timestamptz, mpxn text);
ALTER TABLE alerts OWNER TO dsp;
CREATE TABLE "Alerts by day" (id int, "Code" varchar, "when" timestamptz, chf guid, mpxn text, device guid)
	PARTITION BY RANGE ("when");
CREATE TABLE by_day_1 PARTITION OF "Alerts by day" FOR VALUES FROM (MINVALUE) TO ('2030-01-01 00:20:00+00');
CREATE TABLE by_day_2 PARTITION OF "Alerts by day" FOR VALUES FROM ('2030-01-01 00:20:00+00') TO (MAXVALUE)
	PARTITION BY RANGE (id);
CREATE TABLE by_day_2_1 PARTITION OF by_day_2 DEFAULT;
CREATE TABLE watched (LIKE alerts);
CREATE TABLE always (LIKE alerts);
CREATE TABLE off (LIKE alerts);
-- stored before it is attached, and not to be judged again
INSERT INTO alerts VALUES (1, 'AD1', 20::bigint::guid, $at, '1000000000000');
INSERT INTO "Alerts by day" VALUES (1, 'AD1', $at, 20::bigint::guid, NULL, NULL);
GRANT EXECUTE ON FUNCTION poa.attach, poa.divert TO dsp;
GRANT USAGE ON SCHEMA poa TO dsp;
SET ROLE dsp;
SELECT poa.attach('alerts');
RESET ROLE;
SELECT poa.attach('"Alerts by day"', code => 'Code', at => 'when', device => 'device');
SELECT poa.attach('watched', mode => 'shadow');
SELECT poa.attach('always', mpxn => NULL);
ALTER TABLE always ENABLE ALWAYS TRIGGER "~poa_suppress";
SELECT poa.attach('off');
ALTER TABLE off DISABLE TRIGGER "~poa_suppress";
GRANT INSERT, SELECT ON alerts, "Alerts by day" TO writer;

INSERT INTO alerts SELECT 100 + n, CASE n % 5 WHEN 0 THEN '8F35' ELSE 'AD1' END, (n % 50)::bigint::guid, $at,
	(9 + n % 33)::text || '00000000000' FROM generate_series(1, 300) AS n;
INSERT INTO "Alerts by day" SELECT n, 'AD1', $at\::timestamptz + n % 2 * interval '10 minutes', (n % 60)::bigint::guid, NULL,
	n::bigint::guid
	FROM generate_series(1, 60) AS n;
INSERT INTO watched SELECT n, 'AD1', n::bigint::guid, $at, NULL FROM generate_series(1, 20) AS n;
INSERT INTO off SELECT n, 'AD1', n::bigint::guid, $at, NULL FROM generate_series(1, 20) AS n;
BEGIN;
INSERT INTO alerts VALUES (999, 'AD1', 20::bigint::guid, $at, NULL);
ROLLBACK;
SELECT poa.release(log_id, 'resident rang') FROM poa.suppression_log WHERE diverted ORDER BY log_id LIMIT 7;

SELECT poa.grant_dno('dno_ten', 10), poa.grant_dno('dno_more', 10, 11, 41), poa.grant_operator('operator'), poa.grant_auditor('auditor');
-- rights that are not the extension's idea
GRANT SELECT ON poa.device TO dno_more;
REVOKE SELECT ON poa.suppression_monthly FROM dno_ten;
SQL

# The shape of what is there, as a list of lines.
sub rows_of
{
	my ($node, $db) = @_;
	my @tables = split /\n/, $node->safe_psql($db, <<'SQL');
SELECT oid::regclass FROM pg_class
WHERE relkind = 'r' AND relnamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace, 'public'::regnamespace)
	AND oid <> 'poa_internal.turn'::regclass ORDER BY oid::regclass::text
SQL
	return $node->safe_psql($db, join(' UNION ALL ',
		map { "SELECT '$_', count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM $_ AS t" } @tables) . ' ORDER BY 1');
}

my %facts = (
	'sequences' => q{SELECT schemaname, sequencename, last_value FROM pg_sequences},
	'triggers' => q{SELECT tgrelid::regclass, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger
		WHERE NOT tgisinternal},
	'row-level security' => q{SELECT relname, relrowsecurity, relforcerowsecurity, polname, polcmd,
			pg_get_expr(polqual, polrelid)
		FROM pg_class AS c LEFT JOIN pg_policy AS p ON p.polrelid = c.oid
		WHERE relnamespace = 'poa'::regnamespace AND relkind = 'r'},
	'rights on tables' => q{SELECT r, c.oid::regclass, p FROM unnest($ROLES) AS r, pg_class AS c,
			unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
		WHERE relnamespace IN ('poa'::regnamespace, 'public'::regnamespace) AND relkind IN ('r', 'p', 'v')
			AND has_table_privilege(r, c.oid, p)},
	'rights on functions' => q{SELECT r, f.oid::regprocedure FROM unnest($ROLES) AS r, pg_proc AS f
		WHERE pronamespace = 'poa'::regnamespace AND has_function_privilege(r, f.oid, 'EXECUTE')},
	'rights on the schema' => q{SELECT r, has_schema_privilege(r, 'poa', 'USAGE'), has_schema_privilege(r, 'poa', 'CREATE')
		FROM unnest($ROLES) AS r},
	'owners' => q{SELECT relname, relowner::regrole FROM pg_class
		WHERE relnamespace = 'public'::regnamespace},
	'the extension' => q{SELECT extversion, extnamespace::regnamespace FROM pg_extension WHERE extname = 'poa_suppress'});
my $array = join ',', @roles;
s/\$ROLES/'{$array}'::text[]/ foreach values %facts;

# All of them, and what each role reads.
sub facts_of
{
	my ($node, $db) = @_;
	my %found = (rows => rows_of($node, $db));

	foreach my $what (keys %facts)
	{
		$found{$what} = join "\n", sort split /\n/, $node->safe_psql($db, $facts{$what});
	}
	foreach my $role (@roles)
	{
		my @queries = map {
			"SELECT '$_', count(*), md5(string_agg(r::text, ',' ORDER BY r::text)) FROM poa.$_ AS r;"
		} qw(suppressed_alert suppression_monthly release_log distributor device);
		my ($rc, $out, $err) =
		  $node->psql($db, join("\n", "SET ROLE $role;", @queries), on_error_stop => 0);
		$found{"what $role sees"} = "$out\n" . join "\n", $err =~ /(ERROR.*)/g;
	}
	return \%found;
}

my $in_source;

# ALTER TABLE ... ENABLE TRIGGER ALL, which --disable-triggers writes, leaves no
# trigger disabled, enabled always or for replicas only; that is pg_dump's way.
sub compare
{
	my ($db, $without_states) = @_;
	my %got = %{ facts_of($new, $db) };
	my %want = %{ $in_source //= facts_of($old, 'source') };

	s/\|[AODR]\|/||/g foreach $without_states ? ($want{triggers}, $got{triggers}) : ();
	is($got{$_}, $want{$_}, "$db: $_") foreach sort keys %want;
	return;
}

# What the restored database does next.
sub behave
{
	my ($db, $without_states) = @_;
	my $next = $new->safe_psql($db, <<"SQL");
SET search_path = public, smart;
SET ROLE writer;
INSERT INTO alerts VALUES (2000, 'AD1', 20::bigint::guid, $at, '1000000000000');
INSERT INTO "Alerts by day" VALUES (2001, 'AD1', $at, 20::bigint::guid, NULL, NULL);
INSERT INTO alerts VALUES (2002, 'AD1', 49::bigint::guid, '2031-01-01', '1000000000000');
RESET ROLE;
INSERT INTO watched VALUES (2003, 'AD1', 20::bigint::guid, $at, NULL);
SELECT count(*) FROM alerts WHERE id >= 2000;
SELECT alert->>'id', diverted, distributor_id, log_id - (SELECT max(log_id) FROM poa.suppression_log WHERE (alert->>'id')::int < 2000)
	FROM poa.suppression_log WHERE (alert->>'id')::int >= 2000 ORDER BY log_id;
SELECT poa.track_activation(77::bigint::guid, request_id => 'r77') = (SELECT activation_id FROM poa.activation WHERE request_id = 'r77');
SELECT poa.track_activation(150::bigint::guid) - max(activation_id) FROM poa.activation;
SELECT poa.release(min(log_id), 'after all') FROM poa.suppression_log WHERE (alert->>'id')::int >= 2000;
SELECT count(*) FROM alerts WHERE id >= 2000;
SELECT count(*) FROM poa.release_log;
UPDATE poa.device SET chf = 7::bigint::guid WHERE device = 150::bigint::guid;
SELECT chf::bigint FROM poa.activation WHERE device = 150::bigint::guid;
SQL
	is($next, "1\n2000|t|10|2\n2001|t|29|3\n2003|f|29|4\nt\n2\n\n2\n8\n7", "$db: works on, numbers go on");
	my @refused = (
		'DELETE FROM poa.suppression_log', 'TRUNCATE poa.suppression_log CASCADE', 'UPDATE poa.release_log SET reason = NULL',
		'UPDATE poa.distributor SET name = NULL WHERE distributor_id = 10',
		"SELECT poa.release(min(log_id), 'again') FROM poa.release_log",
		$without_states ? () : 'SET session_replication_role = replica; DELETE FROM poa.suppression_log');
	foreach my $refused (@refused)
	{
		my ($rc, $out, $err) = $new->psql($db, "\\set VERBOSITY sqlstate\n$refused");
		like($err, qr/ERROR:  55000/, "$db: refused: $refused");
	}
	return;
}

is( $old->safe_psql('source', join ' ',
		map { "SET ROLE $_; SELECT min(distributor_id), max(distributor_id), count(*) > 0 FROM poa.suppressed_alert;" }
		  qw(dno_ten dno_member dno_more auditor)),
	"10|10|t\n10|10|t\n10|41|t\n10|41|t", 'each sees its own before');

my $dir = PostgreSQL::Test::Utils::tempdir();
my ($help) = run_command([ 'pg_dump', '--help' ]);
my @key = $help =~ /--restrict-key/ ? ('--restrict-key=x') : ();

sub dump_of
{
	my ($node, $db, $file, @options) = @_;
	$node->command_ok([ 'pg_dump', @options, '-f', "$dir/$file", '-d', $node->connstr($db) ], "pg_dump @options of $db");
	return "$dir/$file";
}

sub restored
{
	my ($db, @command) = @_;
	my $result = $new->command_ok([ @command, '-d', $new->connstr($db) ], "restore: @command[0 .. $#command - 1]");
	return $result;
}

my @psql = qw(psql -Xq -v ON_ERROR_STOP=1 -o /dev/null -f);
my $plain = dump_of($old, 'source', 'plain.sql', @key);
my $custom = dump_of($old, 'source', 'custom', '-Fc');

$new->safe_psql('postgres', 'CREATE DATABASE plain');
restored('plain', @psql, $plain);
compare('plain');
SKIP:
{
	skip 'dumps differ in their key', 2 unless @key;
	my $again = dump_of($new, 'plain', 'again.sql', @key);
	is(slurp_file($again) =~ s/^-- Dumped.*\n//gmr, slurp_file($plain) =~ s/^-- Dumped.*\n//gmr, 'the dump of what was restored is the same');
}
behave('plain');

$new->safe_psql('postgres', 'CREATE DATABASE custom');
restored('custom', qw(pg_restore --exit-on-error -j 2), $custom);
compare('custom');
behave('custom');

$new->safe_psql('postgres', 'CREATE DATABASE sections');
foreach my $section (qw(pre-data data post-data))
{
	restored('sections', qw(pg_restore --exit-on-error), "--section=$section", $custom);
}
compare('sections');
behave('sections');

# Each section alone, as three plain files and of a directory in parallel.
my $directory = dump_of($old, 'source', 'directory', qw(-Fd -j 2));
$new->safe_psql('postgres', "CREATE DATABASE $_") foreach qw(plain_sections parallel_sections);
foreach my $section (qw(pre-data data post-data))
{
	restored('plain_sections', @psql, dump_of($old, 'source', "$section.sql", "--section=$section", @key));
	restored('parallel_sections', qw(pg_restore --exit-on-error -j 2), "--section=$section", $directory);
}
foreach my $db (qw(plain_sections parallel_sections))
{
	compare($db);
	behave($db);
}

# Only the data, into a database that has the rest already.
$new->safe_psql('postgres', 'CREATE DATABASE data_only');
restored('data_only', @psql, dump_of($old, 'source', 'schema.sql', '--schema-only', @key));
restored('data_only', @psql, dump_of($old, 'source', 'data.sql', '--data-only', '--disable-triggers', @key));
compare('data_only', 1);
behave('data_only', 1);
is($new->safe_psql('data_only', "INSERT INTO poa.distributor VALUES (97); SELECT count(*) FROM poa.distributor WHERE distributor_id BETWEEN 10 AND 38"),
	'29', 'a distributor of the user is added to the shipped ones');

# With the triggers on, alerts are judged once more.  The numbers of the log
# collide then, so that nothing is restored.
$new->safe_psql('postgres', 'CREATE DATABASE judged');
restored('judged', @psql, "$dir/schema.sql");
my $empty = rows_of($new, 'judged');
my ($out, $err) = run_command([ @psql, dump_of($old, 'source', 'judged.sql', '--data-only', @key), '--single-transaction', '-d', $new->connstr('judged') ]);
like($err, qr/duplicate key value violates unique constraint "suppression_log_pkey"/, '--data-only without --disable-triggers fails');
is(rows_of($new, 'judged'), $empty, 'and leaves nothing');

# A dropped role breaks nothing.
$old->safe_psql('source', 'DROP OWNED BY auditor; DROP ROLE auditor');
$new->safe_psql('postgres', 'CREATE DATABASE dropped');
restored('dropped', @psql, dump_of($old, 'source', 'dropped.sql', @key));
is($new->safe_psql('dropped', 'SELECT count(*) FROM poa_internal.access'), '4', 'a role that was dropped stays on record');

$_->stop foreach $old, $new;
done_testing();
