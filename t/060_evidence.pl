# What evidence is worth: months of bench/outages.sql, of which the truth is
# known, learned from one and judged in the next.  The promises are those of
# docs/evidence.md; "bench/evidence" measures them on more and larger months.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('evidence');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nfsync = off\nautovacuum = off");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE world');
$node->safe_psql('world', q{CREATE EXTENSION poa_suppress; \ir bench/outages.sql} =~ s/; /;\n/r);
$node->safe_psql('world', 'CALL sim.make_world(24000)');

# month(NAME, SEED, ARGUMENTS of both months, of the second): a world with a
# month that was learned from, and one that was not
sub month
{
	my ($name, $seed, $both, $second) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE world");
	$node->safe_psql($name, "CALL sim.make_month('2026-03-01', $seed, 4000, 0.05 $both)");
	$node->safe_psql($name, "CALL sim.make_month('2026-04-01', $seed + 500, 4000, 0.05, storms => 3 $both $second)");
	cmp_ok($node->safe_psql($name, "SELECT poa.learn('2026-03-01', '2026-04-01')"), '>=', 1, "$name: reboots are learned");
	return;
}

# figures(NAME, TIME): hash of what sim.figures says
sub figures
{
	my ($name, $time) = @_;
	my %figure = map { split /\|/, $_, 2 } split /\n/,
	  $node->safe_psql($name, "SELECT e.key, e.value FROM sim.figures('2026-04-01', '$time') AS f, json_each_text(to_json(f)) AS e");
	note("$name, $time: ", join(', ', map { "$_ " . ($figure{$_} // '-') } sort keys %figure));
	return \%figure;
}

# the three nights with a storm are looked at every hour, and within five
# minutes of what has to be found by then; the others every two hours, unasked
month('usual', 1, '', '');
$node->safe_psql('usual', q{
	CALL sim.watch_month('2026-04-01', true, '1 hour', 3);
	CALL sim.watch_month('2026-04-01', step => '2 hours', soon => false)});
my $storms = figures('usual', '12 days');
cmp_ok($storms->{area}, '>', 20, 'storms hide outages of areas');
cmp_ok($storms->{area_soon}, '>=', 95, 'at least 95 in 100 of them are found within five minutes');
cmp_ok($storms->{found}, '>=', 98, 'with asking at most 2 in 100 of the genuine ones are left');
my $usual = figures('usual', '31 days');
cmp_ok($usual->{genuine}, '>', 25, 'the month hides outages');
cmp_ok($usual->{firmware}, '>', 3000, 'and far more reboots');
cmp_ok($usual->{found}, '>=', 85, 'at least 85 in 100 are found by evidence other than silence');
cmp_ok($usual->{released} - $usual->{false_unreachable}, '<=', 0.001 * $usual->{firmware}, 'at most 1 reboot in 1000 is released');
cmp_ok($usual->{"false_$_"}, '<=', 0.002 * $usual->{firmware}, "few by $_") foreach qw(started neighbours second unreachable);
cmp_ok($usual->{$_}, '>', 0, "some by $_") foreach qw(started neighbours second unreachable);
cmp_ok($usual->{false_silent}, '>', 20, 'which is not what silence says');

# where it may fail: whole circuits reboot together, reboots have changed
my %variant = (together => [ 2, ', together => true', '' ], slower => [ 3, '', ", slower => '1 minute'" ]);
foreach my $name (sort keys %variant)
{
	month($name, @{ $variant{$name} });
	$node->safe_psql($name, "CALL sim.watch_month('2026-04-01', step => '2 hours', soon => false)");
	my $figures = figures($name, '31 days');
	cmp_ok($figures->{found}, '>=', 85, "$name: at least 85 in 100 are found by evidence other than silence");
	cmp_ok($figures->{per_1000}, '<=', 3, "$name: at most 3 reboots in 1000 are released");
}

# Without neighbourhoods, and without the start, the rest goes on.
my $judged = q{SELECT DISTINCT evidence FROM poa.genuine('2026-05-01') ORDER BY 1};
is($node->safe_psql('slower', "TRUNCATE poa.hub_group; $judged"), "second\nsilent\nstarted", 'without neighbourhoods');
is($node->safe_psql('slower', "TRUNCATE poa.reboot_profile; $judged"), "second\nsilent\nstarted", 'and without what was learned');

done_testing();
