
# The server is upgraded by pg_upgrade, and the extension by ALTER EXTENSION
# UPDATE: rows, rights and decisions are as they were, and an extension that was
# updated is the one that is created anew.
#
# POA_OLD=/usr/lib/postgresql/15, an older server with poa_suppress, is upgraded
# to the one under test; without it the server is upgraded to its own version.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my @init = (extra => [ '--data-checksums', '--no-locale', '--encoding=UTF8' ]);

# A hub with a window and one without, alerts in each place, and rights.
my $world = <<'SQL';
CREATE SCHEMA smart;
CREATE EXTENSION poa_suppress SCHEMA smart;
SET search_path = public, smart;
INSERT INTO poa.distributor VALUES (41, 'NEWD', NULL, 'New Networks');
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list SELECT n::bigint::guid FROM generate_series(1, 2000) AS n;
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', n::bigint::guid, (10 + n % 4)::text || '00000000000' FROM generate_series(1, 2000) AS n;
SELECT count(poa.track_activation(n::bigint::guid, '2030-01-01 00:00:00+00', 'r' || n, '2029-12-31 00:00:00+00')) FROM generate_series(1, 1000) AS n;
CREATE TABLE alerts (id bigint, alert_code text, chf guid, received_at timestamptz, mpxn text) PARTITION BY RANGE (id);
CREATE TABLE alerts_1 PARTITION OF alerts FOR VALUES FROM (0) TO (1000);
CREATE TABLE alerts_2 PARTITION OF alerts DEFAULT;
CREATE INDEX ON alerts USING hash (chf);
SELECT poa.attach('alerts');
INSERT INTO alerts SELECT n, 'AD1', n::bigint::guid, '2030-01-01 00:15:00+00', (10 + n % 4)::text || '00000000000' FROM generate_series(1, 1500) AS n;
SELECT poa.release(log_id, 'resident rang') FROM poa.suppression_log WHERE log_id <= 10;
CREATE ROLE dno; CREATE ROLE operator; CREATE ROLE auditor;
SELECT poa.grant_dno('dno', 10, 41), poa.grant_operator('operator'), poa.grant_auditor('auditor');
SQL

# What is there.  From 17 on a table's owner has a right more, which is not ours.
sub state_of
{
	my $node = shift;
	my @tables = split /\n/, $node->safe_psql('postgres', <<'SQL');
SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace IN ('poa'::regnamespace, 'public'::regnamespace) ORDER BY oid::regclass::text
SQL
	return $node->safe_psql('postgres', join ";\n",
		(map { "SELECT '$_', count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM $_ AS t" } @tables),
		'SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2',
		q{SELECT tgrelid::regclass, tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2},
		q{SELECT relname, relrowsecurity, relforcerowsecurity, replace(relacl::text, 'xtm/', 'xt/') FROM pg_class WHERE relnamespace = 'poa'::regnamespace AND relkind IN ('r', 'v', 'S') ORDER BY 1},
		q{SELECT oid::regprocedure, proacl FROM pg_proc WHERE pronamespace = 'poa'::regnamespace ORDER BY oid::regprocedure::text},
		'SET ROLE dno', 'SELECT distributor_id, count(*) FROM poa.suppressed_alert GROUP BY 1', 'SELECT * FROM poa.suppression_monthly');
}

# Alerts are judged and released as before, and numbers go on.
sub works_on
{
	my ($node, $what) = @_;
	is($node->safe_psql('postgres', <<'SQL'), "0|500|500\n\n500|499|500\nt|t\nt|t", "$what: works on");
SET search_path = public, smart;
BEGIN;
INSERT INTO alerts SELECT 5000 + n, 'AD1', (500 + n)::bigint::guid, '2030-01-01 00:15:00+00', NULL FROM generate_series(1, 1000) AS n;
SELECT count(*) FILTER (WHERE chf::bigint <= 1000), count(*) FILTER (WHERE chf::bigint > 1000),
	(SELECT count(*) FROM poa.suppression_log WHERE (alert->>'id')::bigint > 5000) FROM alerts WHERE id > 5000;
SELECT poa.release(max(log_id), 'after all') FROM poa.suppression_log;
SELECT count(*) FILTER (WHERE chf::bigint > 1000), count(*) FILTER (WHERE chf::bigint <= 1000) + 498, (SELECT count(*) FROM poa.suppression_log WHERE (alert->>'id')::bigint > 5000)
	FROM alerts WHERE id > 5000;
INSERT INTO poa.device VALUES (2001::bigint::guid, 'ESME', 2, '1063', 2001::bigint::guid, NULL);
INSERT INTO poa.guid_list VALUES (2001::bigint::guid);
SELECT poa.track_activation(2001::bigint::guid, request_id => 'new') > 1000, poa.track_activation(1::bigint::guid, request_id => 'r1') = 1;
SELECT count(*) = 1, bool_and(met) FROM poa.explain(2001::bigint::guid) WHERE criterion = 'verdict';
ROLLBACK;
SQL
	my ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nDELETE FROM poa.suppression_log");
	like($err, qr/55000/, "$what: the log is append-only");
	return;
}

###########################################################################
# pg_upgrade

my $old = PostgreSQL::Test::Cluster->new('old', $ENV{POA_OLD} ? (install_path => $ENV{POA_OLD}) : ());
$old->init(@init);
$old->start;
my $new = PostgreSQL::Test::Cluster->new('new');
$new->init(@init);
$old->safe_psql('postgres', $world);
works_on($old, 'before');
my $before = state_of($old);
note('from ' . $old->safe_psql('postgres', 'SHOW server_version'));
$old->stop;

my $bin = $new->config_data('--bindir');
chdir $dir or die;
$new->command_ok([ 'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir,
		'-b', $old->config_data('--bindir'), '-B', $bin, '-s', $new->host, '-p', $old->port, '-P', $new->port ], 'pg_upgrade');
$new->start;
note('to ' . $new->safe_psql('postgres', 'SHOW server_version'));
is(state_of($new), $before, 'pg_upgrade: all is there');
works_on($new, 'pg_upgrade');
$new->safe_psql('postgres', 'REINDEX DATABASE postgres');
works_on($new, 'pg_upgrade, indexes made anew');
$new->stop;

###########################################################################
# ALTER EXTENSION UPDATE, in an installation of its own, with a next version
# that replaces every function and changes a table.

my %installed = map { $_ => $new->config_data("--$_") } qw(bindir sharedir pkglibdir);
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
my $extension = "$installed{sharedir}/extension/poa_suppress";
my ($version) = slurp_file("$extension.control") =~ /^default_version *= *'(.*)'/m;
my $changes = <<'SQL';
ALTER TABLE poa.activation ADD COLUMN note text;
COMMENT ON COLUMN poa.activation.note IS 'of the next version';
CREATE FUNCTION poa.next_version() RETURNS text LANGUAGE sql AS $$ SELECT 'next' $$;
REVOKE ALL ON FUNCTION poa.next_version() FROM PUBLIC;
SQL
unlink "$dir/root$extension.control" or die;
append_to_file("$dir/root$extension.control", slurp_file("$extension.control") =~ s/^(default_version *= *').*'/$1next'/mr);
append_to_file("$dir/root$extension--next.sql", slurp_file("$extension--$version.sql") . $changes);
append_to_file("$dir/root$extension--$version--next.sql", <<'SQL' . $changes);
DO $do$
DECLARE
	f oid;
BEGIN
	FOR f IN
		SELECT p.oid FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.objid
		WHERE d.deptype = 'e' AND d.classid = 'pg_proc'::regclass AND p.prokind = 'f'
			AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'poa_suppress')
	LOOP
		EXECUTE pg_get_functiondef(f);
	END LOOP;
END
$do$;
SQL

my $node = PostgreSQL::Test::Cluster->new('node', install_path => "$dir/root" . ($installed{bindir} =~ s/\/bin$//r));
$node->init(@init);
$node->start;
$node->safe_psql('postgres', $world =~ s/(EXTENSION poa_suppress SCHEMA smart)/$1 VERSION '$version'/r);

# Sessions that have judged alerts by the old version: one idle with a prepared
# statement, one in a transaction, one that comes while the update waits.
my $one = q{INSERT INTO public.alerts VALUES (6000, 'AD1', '0000000000000001', '2030-01-01 00:15:00+00', NULL)};
my $prepared = $node->background_psql('postgres');
$prepared->query_safe("PREPARE one AS $one; EXECUTE one;");
my $open = $node->background_psql('postgres');
$open->query_safe("PREPARE one AS $one; BEGIN; EXECUTE one;");

sub session
{
	my ($sql) = @_;
	my $out = '';
	return { out => \$out, handle => IPC::Run::start(
			[ $node->installed_command('psql'), '-XAtq', '-d', $node->connstr('postgres'), '-c', $sql ], '>', \$out, '2>&1') };
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
$_->query_safe('EXECUTE one') foreach $prepared, $open;
$_->quit foreach $prepared, $open;
is($node->safe_psql('postgres', "SELECT (SELECT count(*) FROM alerts WHERE id = 6000), (SELECT count(*) FROM poa.suppression_log WHERE alert->>'id' = '6000'), (SELECT extversion FROM pg_extension WHERE extname = 'poa_suppress')"),
	'0|6|next', 'alerts are diverted before, during and after');

# The members with all that can be said of them.
sub members
{
	my $db = shift;
	return $node->safe_psql($db, <<'SQL');
SET search_path = pg_catalog;
WITH member AS (
	SELECT d.classid, d.objid FROM pg_depend AS d
	WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'poa_suppress'))
SELECT 'object', pg_describe_object(classid, objid, 0), obj_description(objid, classid::regclass::text::name), NULL FROM member
UNION ALL SELECT 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid), proacl::text FROM member JOIN pg_proc AS p ON p.oid = objid WHERE prokind = 'f' AND classid = 'pg_proc'::regclass
UNION ALL SELECT 'column', c.oid::regclass || '.' || attname, concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attidentity, col_description(c.oid, attnum), attacl), relacl::text
	FROM member JOIN pg_class AS c ON c.oid = objid AND classid = 'pg_class'::regclass JOIN pg_attribute ON attrelid = c.oid AND attnum > 0
UNION ALL SELECT 'constraint', pg_get_constraintdef(k.oid), conrelid::regclass::text, NULL FROM pg_constraint AS k JOIN member ON conrelid = objid AND classid = 'pg_class'::regclass
UNION ALL SELECT 'index', pg_get_indexdef(indexrelid), NULL, NULL FROM pg_index JOIN member ON indrelid = objid AND classid = 'pg_class'::regclass
UNION ALL SELECT 'trigger', pg_get_triggerdef(t.oid), tgenabled::text, NULL FROM pg_trigger AS t JOIN member ON tgrelid = objid AND NOT tgisinternal AND classid = 'pg_class'::regclass
UNION ALL SELECT 'policy', polname, pg_get_expr(polqual, polrelid), polrelid::regclass::text FROM pg_policy JOIN member ON polrelid = objid AND classid = 'pg_class'::regclass
UNION ALL SELECT 'dumped', c::regclass::text, q, NULL FROM pg_extension, unnest(extconfig, extcondition) AS u (c, q) WHERE extname = 'poa_suppress'
ORDER BY 1, 2, 3, 4
SQL
}
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE SCHEMA smart; CREATE EXTENSION poa_suppress SCHEMA smart; INSERT INTO poa.distributor VALUES (41, $$NEWD$$); SELECT poa.grant_dno($$dno$$, 10, 41), poa.grant_operator($$operator$$), poa.grant_auditor($$auditor$$)');
my $fresh = members('fresh');
like($fresh, qr/next_version/, 'the next version is installed');
is(members('postgres'), $fresh, 'updated and fresh are the same');
$node->safe_psql('postgres', "SELECT poa.purge_log('infinity')");
$node->stop;

my @complaints = grep { /WARNING|PANIC|TRAP|not owned|leak/ && !/terminat|shutdown/ } map { split /\n/, slurp_file($_->logfile) } $old, $new, $node;
is(join("\n", @complaints), '', 'the servers have nothing to complain about');

done_testing();
