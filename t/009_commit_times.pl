# poa.verify where the server keeps the times of commits: the ordinary race of
# an activation and an alert is no fault, and a true one is found all the same.
# Without them the same race is reported, with the reason.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

foreach my $kept ('on', 'off')
{
	my $node = PostgreSQL::Test::Cluster->new("commits_$kept");
	$node->init;
	$node->append_conf('postgresql.conf', "track_commit_timestamp = $kept");
	$node->start;
	$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION poa_suppress;
INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr');
INSERT INTO poa.device SELECT n::bigint::guid, 'ESME', 2, '1063', (100 + n)::bigint::guid, NULL FROM generate_series(1, 4) AS n;
INSERT INTO poa.guid_list SELECT device FROM poa.device;
CREATE TABLE alerts (alert_code text, chf guid, received_at timestamptz, mpxn text);
SELECT poa.attach('alerts');
SQL
	my $track = sub { return "SELECT poa.track_activation($_[0]::bigint::guid, request_id => 'r$_[0]', received_at => '2030-01-01 00:00Z')" };
	my $alert = sub { return "INSERT INTO alerts VALUES ('AD1', (100 + $_[0])::bigint::guid, '2030-01-01 00:10Z', NULL)" };
	my $stored = sub {
		return $node->safe_psql('postgres', q{SELECT ok, detail FROM poa.verify('2030-01-01', '2030-01-02') WHERE check_name = 'stored'});
	};
	my $known = '1 AD1 in 1 attached tables, 1 in a window that was known: hub 00-00-00-00-00-00-00';

	# tracked, and committed, before its alert came: diverted
	$node->safe_psql('postgres', join '; ', $track->(1), $alert->(1));
	# tracked before the alert, committed after it: the alert could not know of it, and is stored
	my $session = $node->background_psql('postgres', on_error_stop => 1);
	$session->query_safe('BEGIN; ' . $track->(2));
	$node->safe_psql('postgres', $alert->(2));
	$session->query_safe('COMMIT');
	is($node->safe_psql('postgres', 'SELECT chf::bigint FROM alerts'), '102', "$kept: the alert that came before the commit is stored");
	if ($kept eq 'on')
	{
		is($stored->(), 't|1 AD1 in 1 attached tables, none in a window that was known; 1 in one that was tracked, or has changed, since',
			"$kept: which is no fault");
	}
	else
	{
		like($stored->(), qr/^f\|$known-66 at .*\(or tracked at the same time: track_commit_timestamp is off\)$/,
			"$kept: which may be a fault, and the detail says why it may be none");
	}
	# tracked by a transaction that began after the alert: no fault, either way
	$node->safe_psql('postgres', 'DELETE FROM alerts');
	$node->safe_psql('postgres', $alert->(3));
	$node->safe_psql('postgres', $track->(3));
	is($stored->(), 't|1 AD1 in 1 attached tables, none in a window that was known; 1 in one that was tracked, or has changed, since',
		"$kept: one that came before the activation is late");
	# a true fault: the window was committed, and the alert stands in the table
	$node->safe_psql('postgres', $track->(4));
	$node->safe_psql('postgres', 'SET poa_suppress.enabled = off; ' . $alert->(4));
	like($stored->(), qr/^f\|2 AD1 in 1 attached tables, 1 in a window that was known: hub .*-68 at /, "$kept: a fault is found");
	is($stored->() =~ /track_commit_timestamp/ ? 'said' : 'not said', $kept eq 'on' ? 'not said' : 'said', "$kept: certain or not");
	# an alert that was updated since counts from the update, which is later than the activation
	$node->safe_psql('postgres', 'DELETE FROM alerts WHERE chf = 104::bigint::guid; UPDATE alerts SET mpxn = mpxn');
	like($stored->(), qr/^f\|$known-67 at /, "$kept: one that was updated is reported");
	$session->quit;
	$node->stop;
}

done_testing();
