
# Logical replication: an alert is judged where it first arrives, and nowhere
# else unless the trigger is enabled always.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->append_conf('postgresql.conf', "max_worker_processes = 20\nmax_logical_replication_workers = 12");
$subscriber->start;

# Tables with the same windows on both sides; on hub 1 there is one.
my $setup = <<'SQL';
CREATE EXTENSION poa_suppress;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES (1::bigint::guid);
INSERT INTO poa.device VALUES (1::bigint::guid, 'ESME', 2, '1063', 1::bigint::guid, '1100000000000');
SELECT poa.track_activation(1::bigint::guid, received_at => '2030-01-01 00:00:00+00');
CREATE TABLE plain (id int PRIMARY KEY, alert_code text, chf guid, received_at timestamptz, mpxn text);
CREATE TABLE judged (LIKE plain INCLUDING ALL);
CREATE TABLE sent (LIKE plain INCLUDING ALL);
CREATE TABLE copied (LIKE plain INCLUDING ALL);
CREATE TABLE copied_always (LIKE plain INCLUDING ALL);
CREATE TABLE by_day (LIKE plain, PRIMARY KEY (id, received_at)) PARTITION BY RANGE (received_at);
CREATE TABLE by_day_1 PARTITION OF by_day FOR VALUES FROM (MINVALUE) TO ('2030-01-01 00:20:00+00');
CREATE TABLE by_day_2 PARTITION OF by_day FOR VALUES FROM ('2030-01-01 00:20:00+00') TO (MAXVALUE);
SQL
$_->safe_psql('postgres', $setup) foreach $publisher, $subscriber;

my $rows = sub {
	my ($table, $first) = @_;
	return "INSERT INTO $table SELECT $first + n, CASE n WHEN 3 THEN '8F35' ELSE 'AD1' END, (n % 2)::bigint::guid,"
	  . " '2030-01-01 00:15:00+00'::timestamptz + n % 2 * interval '10 minutes', (10 + n % 2)::text || '00000000000'"
	  . ' FROM generate_series(1, 4) AS n;';
};
my $logged = "SELECT source_table, alert->>'id' FROM poa.suppression_log ORDER BY 1, (alert->>'id')::int";

# Rows that are there when the subscription is made, and come by COPY.
$publisher->safe_psql('postgres', join ' ', map { $rows->($_, 0) } qw(plain copied copied_always by_day));
$publisher->safe_psql('postgres', "SELECT poa.attach('judged'), poa.attach('sent'); " . $rows->('judged', 0) . $rows->('sent', 0));
$publisher->safe_psql('postgres', 'CREATE PUBLICATION alerts FOR TABLE plain, judged, sent, copied, copied_always, by_day');
is($publisher->safe_psql('postgres', 'SELECT id FROM judged ORDER BY id'), "2\n3\n4", 'the publisher diverts');

$subscriber->safe_psql('postgres', <<'SQL');
SELECT poa.attach(t) FROM unnest('{plain, judged, copied, copied_always, by_day}'::regclass[]) AS t;
ALTER TABLE copied_always ENABLE ALWAYS TRIGGER "~poa_suppress";
SQL
my $connection = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION alerts CONNECTION '$connection' PUBLICATION alerts");
$subscriber->wait_for_subscription_sync($publisher, 'alerts');

my $ids = sub {
	my $table = shift;
	return $subscriber->safe_psql('postgres', "SELECT string_agg(id::text, ' ' ORDER BY id) FROM $table");
};
is($ids->('plain'), '1 2 3 4', 'the first copy stores');
is($ids->('by_day'), '1 2 3 4', 'also into partitions');
is($ids->('judged'), '2 3 4', 'an attached table replicates what it stored only');
is($ids->('sent'), '2 3 4', 'also to a table that is not attached');
is($ids->('copied_always'), '2 3 4', 'where the trigger is enabled always, the first copy is judged');
is($subscriber->safe_psql('postgres', $logged), 'copied_always|1', 'and nothing else is');

# Rows that come one by one.
$subscriber->safe_psql('postgres', <<'SQL');
ALTER TABLE plain ENABLE ALWAYS TRIGGER "~poa_suppress";
ALTER TABLE by_day ENABLE ALWAYS TRIGGER "~poa_suppress";
ALTER TABLE by_day_1 ENABLE ALWAYS TRIGGER "~poa_suppress";
ALTER TABLE by_day_2 ENABLE ALWAYS TRIGGER "~poa_suppress";
SQL
$publisher->safe_psql('postgres', join ' ', map { $rows->($_, 10) } qw(plain judged copied copied_always by_day));
# a transaction of many rows, an update that moves a row to another partition, and a rollback
$publisher->safe_psql('postgres', <<'SQL');
BEGIN;
INSERT INTO plain SELECT 1000 + n, 'AD1', (n % 2)::bigint::guid, '2030-01-01 00:15:00+00', NULL FROM generate_series(1, 2000) AS n;
SAVEPOINT s;
INSERT INTO plain VALUES (5000, 'AD1', 1::bigint::guid, '2030-01-01 00:15:00+00', NULL);
ROLLBACK TO s;
UPDATE copied SET mpxn = 'x';
DELETE FROM copied WHERE id = 2;
COMMIT;
SQL
$publisher->wait_for_catchup('alerts');
is($ids->('copied'), '1 3 4 11 12 13 14', 'apply stores, and does not judge');
is($ids->('judged'), '2 3 4 12 13 14', 'judged at the publisher');

# What is released at the publisher is an insert like any other.
$publisher->safe_psql('postgres', "SELECT poa.release(log_id, 'after all') FROM poa.suppression_log WHERE source_table IN ('judged', 'sent') AND alert->>'id' = '1'");
$publisher->wait_for_catchup('alerts');
is($ids->('judged'), '1 2 3 4 12 13 14', 'a release reaches an attached table');
is($ids->('sent'), '1 2 3 4', 'and one that is not');
is($ids->('copied_always'), '2 3 4 12 13 14', 'enabled always, apply judges');
is($ids->('by_day'), '1 2 3 4 12 13 14', 'also for partitions');
is($subscriber->safe_psql('postgres', 'SELECT count(*), sum(id % 2) FROM plain WHERE id > 1000'), '1000|0',
	'also in a large transaction');
is($subscriber->safe_psql('postgres', "$logged LIMIT 4"), "by_day|11\ncopied_always|1\ncopied_always|11\nplain|11",
	'what it diverts is in the log, under the name of the attached table');
is($subscriber->safe_psql('postgres', 'SELECT count(*), count(DISTINCT log_id) FROM poa.suppression_log'),
	'1004|1004', 'each once');

# A window that comes to the subscriber counts from the next alert on.
$subscriber->safe_psql('postgres', <<'SQL');
INSERT INTO poa.guid_list VALUES (2::bigint::guid);
INSERT INTO poa.device VALUES (2::bigint::guid, 'ESME', 2, '1063', 0::bigint::guid, NULL);
SELECT poa.track_activation(2::bigint::guid, received_at => '2030-01-01 00:00:00+00');
SQL
$publisher->safe_psql('postgres', $rows->('plain', 20));
$publisher->wait_for_catchup('alerts');
is($subscriber->safe_psql('postgres', "SELECT string_agg(id::text, ' ' ORDER BY id) FROM plain WHERE id BETWEEN 20 AND 30"),
	'23', 'the worker sees windows that are tracked while it runs');

# The log of one distributor goes to a plain table.
$publisher->safe_psql('postgres', <<'SQL');
INSERT INTO judged SELECT 100 + n, 'AD1', 1::bigint::guid, '2030-01-01 00:15:00+00', (9 + n)::text || '00000000000'
	FROM generate_series(1, 5) AS n;
CREATE PUBLICATION dno_ten FOR TABLE poa.suppression_log WHERE (distributor_id = 10) WITH (publish = 'insert');
SQL
$subscriber->safe_psql('postgres', <<'SQL');
CREATE DATABASE dno;
SQL
$subscriber->safe_psql('dno', <<'SQL');
CREATE SCHEMA poa;
CREATE TABLE poa.suppression_log (log_id bigint PRIMARY KEY, logged_at timestamptz, diverted boolean,
	source_schema text, source_table text, alert jsonb, alert_code text, chf text, mpxn text,
	distributor_id smallint, decided_at timestamptz, activation_id bigint, matched bigint[], device text,
	manufacturer text, request_id text, activates_at timestamptz, opens_at timestamptz, closes_at timestamptz,
	delay interval, alert_key text, outage_started_at timestamptz, hold_id bigint, originator text);
SQL
$subscriber->safe_psql('dno', "CREATE SUBSCRIPTION dno_ten CONNECTION '$connection' PUBLICATION dno_ten");
$subscriber->wait_for_subscription_sync($publisher, 'dno_ten', 'dno');
$publisher->safe_psql('postgres', <<'SQL');
INSERT INTO judged SELECT 200 + n, 'AD1', 1::bigint::guid, '2030-01-01 00:15:00+00', (9 + n)::text || '00000000000'
	FROM generate_series(1, 5) AS n;
SQL
$publisher->wait_for_catchup('dno_ten');
my $of_ten = "SELECT alert->>'id', alert_code, chf, mpxn, matched, device, delay FROM poa.suppression_log"
  . ' WHERE distributor_id = 10 ORDER BY log_id';
is($subscriber->safe_psql('dno', 'SELECT DISTINCT distributor_id FROM poa.suppression_log'), '10', 'only its own rows reach a DNO');
is($subscriber->safe_psql('dno', $of_ten), $publisher->safe_psql('postgres', $of_ten), 'and all of them');

# purge_log is not sent on
$publisher->safe_psql('postgres', "SELECT poa.purge_log('infinity')");
$publisher->wait_for_catchup('dno_ten');
is($subscriber->safe_psql('dno', 'SELECT count(*) FROM poa.suppression_log'), '2', 'a purge stays here');

# ------------------------------------- a database moves to another server

# All tables of one database go to a fresh one, which ships the same distributors.
$_->safe_psql('postgres', 'CREATE DATABASE moved') foreach $publisher, $subscriber;
$publisher->safe_psql('moved', <<'SQL');
CREATE EXTENSION poa_suppress;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.guid_list VALUES (1::bigint::guid);
INSERT INTO poa.device VALUES (1::bigint::guid, 'ESME', 2, '1063', 1::bigint::guid, '1100000000000');
INSERT INTO poa.distributor VALUES (99, 'TEST', NULL, 'Test Networks');
SELECT poa.track_activation(1::bigint::guid, received_at => '2030-01-01 00:00:00+00');
CREATE TABLE alerts (id int PRIMARY KEY, alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
INSERT INTO alerts SELECT n, 'AD1', 1::bigint::guid, '2030-01-01 00:15:00+00', '1100000000000' FROM generate_series(1, 5) AS n;
SELECT poa.release(1, 'test');
INSERT INTO poa.sign_of_life SELECT 1::bigint::guid, timestamptz '2020-01-01' + n * interval '1 day' FROM generate_series(1, 3) AS n;
CREATE PUBLICATION everything FOR ALL TABLES;
SQL
$subscriber->safe_psql('moved', <<'SQL');
CREATE EXTENSION poa_suppress;
CREATE TABLE alerts (id int PRIMARY KEY, alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
SQL
$connection = $publisher->connstr . ' dbname=moved';
$subscriber->safe_psql('moved', "CREATE SUBSCRIPTION everything CONNECTION '$connection' PUBLICATION everything");
$subscriber->wait_for_subscription_sync($publisher, 'everything', 'moved');
my $tables = $publisher->safe_psql('moved', q{SELECT c.oid::regclass FROM pg_class AS c
	WHERE c.relkind = 'r' AND c.relnamespace IN ('poa'::regnamespace, 'poa_internal'::regnamespace, 'public'::regnamespace) ORDER BY 1});
my $compare = sub {
	my $name = shift;
	foreach my $table (split /\n/, $tables)
	{
		my $rows = "SELECT t::text FROM $table AS t ORDER BY 1";
		is($subscriber->safe_psql('moved', $rows), $publisher->safe_psql('moved', $rows), "$name: $table");
	}
};
$compare->('copied');
is($subscriber->safe_psql('moved', 'SELECT count(*) FROM poa.distributor'), '30', 'the shipped distributors are there once');
# what is changed and removed on the old server, by the extension too, follows
$publisher->safe_psql('moved', <<'SQL');
INSERT INTO poa.distributor VALUES (98, 'ALSO', NULL, 'Other Networks');
UPDATE poa.distributor SET name = 'Test' WHERE distributor_id = 99;
INSERT INTO alerts VALUES (6, 'AD1', 1::bigint::guid, '2030-01-01 00:16:00+00', '1100000000000'),
	(7, '8F35', 1::bigint::guid, '2030-01-01 00:16:00+00', '1100000000000');
SELECT poa.purge_activations('2025-01-01'), poa.purge_log('2000-01-01');
SQL
$publisher->wait_for_catchup('everything');
$compare->('applied');
is($publisher->safe_psql('moved', 'SELECT count(*) FROM poa.sign_of_life'), '1', 'the purge removed rows of a table in a publication');

# poa.health() at the new server: a subscription that stands still, and sequences that the copy left behind
my $health = sub {
	return $subscriber->safe_psql('moved', "SELECT ok, detail FROM poa.health() WHERE check_name = '$_[0]'");
};
is($health->('subscription'), 't|no subscription to these tables stands still', 'health: the subscription runs');
$subscriber->safe_psql('moved', 'ALTER SUBSCRIPTION everything DISABLE');
like($health->('subscription'), qr/^f\|subscription everything is disabled, .*; (ALTER SUBSCRIPTION everything ENABLE)$/, 'health: it is disabled');
$subscriber->safe_psql('moved', $1) if $health->('subscription') =~ /; (ALTER SUBSCRIPTION .*)$/;
ok($subscriber->poll_query_until('moved', q{SELECT ok FROM poa.health() WHERE check_name = 'subscription'}), 'health: the statement mends it');
# a row that is there already stops the worker, which begins again every few seconds and is stopped each time
$subscriber->safe_psql('moved', "INSERT INTO alerts VALUES (100, '8F35', NULL, NULL, NULL)");
$publisher->safe_psql('moved', "INSERT INTO alerts VALUES (100, '8F36', NULL, NULL, NULL)");
ok($subscriber->poll_query_until('moved', q{SELECT detail LIKE 'subscription everything has no worker%' FROM poa.health() WHERE check_name = 'subscription'}),
	'health: its worker fails');
$subscriber->safe_psql('moved', 'DELETE FROM alerts WHERE id = 100');
$publisher->wait_for_catchup('everything');
ok($subscriber->poll_query_until('moved', q{SELECT ok FROM poa.health() WHERE check_name = 'subscription'}), 'health: it goes on');
$subscriber->safe_psql('moved', 'DROP SUBSCRIPTION everything');
my ($behind) = $health->('sequence') =~ /^f\|the sequence of .*poa\.suppression_log.* is behind its table, .*?; (SELECT setval.*)$/;
ok(defined $behind, 'health: sequences are behind');
$subscriber->safe_psql('moved', $behind // '');
is($health->('sequence'), 't|every sequence is past the numbers of its table', 'health: the statements mend them');
is($subscriber->safe_psql('moved', "INSERT INTO alerts VALUES (101, 'AD1', 1::bigint::guid, '2030-01-01 00:17:00+00', NULL) RETURNING id"), '',
	'and the first alert after the switch-over is diverted');

$_->stop foreach $subscriber, $publisher;
my @complaints = grep { /WARNING|PANIC|TRAP|terminated by signal|not owned|leak|ERROR/ && !/terminating walreceiver|parallel|alerts_pkey|conflict=insert_exists|logical replication worker/ }
  map { split /\n/, slurp_file($_->logfile) } $subscriber, $publisher;
is(join("\n", @complaints), '', 'the servers have nothing to complain about');

done_testing();
