
# The server is upgraded by pg_upgrade: rows, rights and decisions are as they were.
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
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', n::bigint::guid, (10 + n % 4)::text || '00000000000'
	FROM generate_series(1, 2000) AS n;
SELECT count(poa.track_activation(n::bigint::guid, '2030-01-01 00:00:00+00', 'r' || n, '2029-12-31 00:00:00+00'))
	FROM generate_series(1, 1000) AS n;
CREATE TABLE alerts (id bigint, alert_code text, chf guid, received_at timestamptz, mpxn text) PARTITION BY RANGE (id);
CREATE TABLE alerts_1 PARTITION OF alerts FOR VALUES FROM (0) TO (1000);
CREATE TABLE alerts_2 PARTITION OF alerts DEFAULT;
CREATE INDEX ON alerts USING hash (chf);
SELECT poa.attach('alerts');
INSERT INTO alerts SELECT n, 'AD1', n::bigint::guid, '2030-01-01 00:15:00+00', (10 + n % 4)::text || '00000000000'
	FROM generate_series(1, 1500) AS n;
SELECT poa.release(log_id, 'resident rang') FROM poa.suppression_log WHERE log_id <= 10;
CREATE ROLE dno; CREATE ROLE operator; CREATE ROLE auditor;
SELECT poa.grant_dno('dno', 10, 41), poa.grant_operator('operator'), poa.grant_auditor('auditor');
SQL

# What is there.  From 17 on a table's owner has one right more, which is left out.
sub state_of
{
	my $node = shift;
	my @tables = split /\n/, $node->safe_psql('postgres', <<'SQL');
SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace IN ('poa'::regnamespace, 'public'::regnamespace)
	ORDER BY oid::regclass::text
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
SELECT count(*) FILTER (WHERE chf::bigint > 1000),
	count(*) FILTER (WHERE chf::bigint <= 1000) + 498, (SELECT count(*) FROM poa.suppression_log WHERE (alert->>'id')::bigint > 5000)
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

my @complaints = grep { /WARNING|PANIC|TRAP|not owned|leak/ && !/terminat|shutdown/ } map { split /\n/, slurp_file($_->logfile) } $old, $new;
is(join("\n", @complaints), '', 'the servers have nothing to complain about');

done_testing();
