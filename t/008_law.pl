
# The law of delivery: what the DSP received for a meter, in every order in which
# it can be delivered, ends in the same activations.
#
# Each set of messages is delivered in all of its orders, each order to a meter of
# its own.  Package Law says from the set alone what must come out.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

###########################################################################
# The law.  A message is a hash: kind, n (of its request), at (minutes at which
# the DSP received it), and starts (minutes) or what (an outcome, a reason).

package Law;

sub first_received { my ($first) = sort { $a->{at} <=> $b->{at} } @_; return $first; }

# The activations of a set, n => its columns.
sub activations
{
	my @set = @_;
	my $of = sub {
		my ($n, @kinds) = @_;
		return first_received(grep { my $m = $_; $m->{n} == $n && grep { $m->{kind} eq $_ } @kinds } @set);
	};
	my @requests = do { my %seen; grep { !$seen{$_}++ } map { $_->{n} } @set };

	# the commands and cancellations that took the meter's slot over
	my @takers;
	foreach my $n (@requests)
	{
		next if $of->($n, 'refusal') or $of->($n, 'local') && !$of->($n, 'signed', 'cancel_signed');
		foreach my $kinds ([qw(request signed)], [qw(cancel cancel_signed)])
		{
			my $taker = $of->($n, @$kinds) or next;
			push @takers, { at => $taker->{at}, n => $n, makes => $kinds->[0] eq 'cancel' ? 'cancelled' : 'superseded' };
		}
	}

	my %activation;
	foreach my $n (@requests)
	{
		my $earlier = $of->($n, qw(request signed)) or next;
		my $signed = $of->($n, 'signed');
		my $starts = ($signed // $earlier)->{starts} // ($signed // $earlier)->{at};
		my $taker = first_received(grep { $_->{at} > $earlier->{at} && $_->{at} < $starts } @takers);
		my ($outcome, $refusal, $local) = map { $of->($n, $_) } qw(outcome refusal local);
		my ($status, $ended_at, $ended_by) =
			$outcome && $outcome->{what} eq 'succeeded' ? ('succeeded', '', '')
		  : $outcome ? ('failed', $outcome->{at}, $outcome->{what})
		  : $refusal ? ('failed', $refusal->{at}, $refusal->{what})
		  : $local && !$signed ? ('cancelled', $local->{at}, 'CommandVariant 6')
		  : $taker ? ($taker->{makes}, $taker->{at}, $taker->{n})
		  : ('tracked', '', '');
		$activation{$n} = join '|', $earlier->{at}, $starts, $starts - 5, $starts + 30, $status, $ended_at, $ended_by;
	}
	return join ' ', map { "$_:$activation{$_}" } sort { $a <=> $b } keys %activation;
}

###########################################################################
# The sets.

package main;

sub message { my ($kind, $n, $at, $more) = @_; return { kind => $kind, n => $n, at => $at, ($kind =~ /outcome|refusal/ ? 'what' : 'starts') => $more }; }

# kind, number of the request, minute of receipt, minute of activation (none: on demand) or what it says
my %sets = (
	'commands, on demand and future-dated' => [
		[ 'request', 1, 0, 100 ], [ 'request', 2, 10, 30 ], [ 'request', 3, 30 ], [ 'request', 4, 40, 200 ], [ 'request', 5, 50 ] ],
	'a signed form moves an on-demand request past another command' => [
		[ 'request', 1, 0 ], [ 'request', 2, 5 ], [ 'signed', 1, 20 ], [ 'signed', 2, 7 ] ],
	'a signed form names another time' => [
		[ 'request', 1, 0, 100 ], [ 'signed', 1, 10, 40 ], [ 'request', 2, 50, 300 ], [ 'signed', 2, 55, 60 ], [ 'cancel', 3, 58 ] ],
	'a cancellation between two commands' => [
		[ 'request', 1, 0, 100 ], [ 'cancel', 2, 10 ], [ 'request', 3, 20, 100 ], [ 'signed', 3, 21, 100 ] ],
	'a cancellation after a command has started' => [
		[ 'request', 1, 0, 10 ], [ 'cancel', 2, 10 ], [ 'signed', 1, 9, 11 ], [ 'cancel_signed', 2, 12 ] ],
	'a refused command brings back what it superseded' => [
		[ 'request', 1, 0, 100 ], [ 'request', 2, 10, 200 ], [ 'refusal', 2, 11, 'E4' ], [ 'request', 3, 20, 300 ], [ 'refusal', 3, 25, 'E20' ] ],
	'a refused cancellation brings back what it cancelled' => [
		[ 'request', 1, 0, 100 ], [ 'cancel', 2, 10 ], [ 'refusal', 2, 11, 'E5' ], [ 'cancel', 3, 20 ] ],
	'outcomes, one of a superseded command' => [
		[ 'request', 1, 0, 100 ], [ 'request', 2, 10, 100 ], [ 'outcome', 1, 105, 'succeeded' ], [ 'outcome', 1, 106, 'hash_mismatch' ], [ 'outcome', 2, 107, 'no_image_held' ] ],
	'an outcome counts before a refusal' => [
		[ 'request', 1, 0, 100 ], [ 'refusal', 1, 1, 'N12' ], [ 'outcome', 1, 103, 'succeeded' ], [ 'cancel', 2, 50 ] ],
	'two refusals, of which the first counts' => [
		[ 'request', 1, 0, 100 ], [ 'refusal', 1, 3, 'E19' ], [ 'refusal', 1, 2, 'E20' ], [ 'cancel', 2, 50 ] ],
	'a local form ends its request, and gives its slot back' => [
		[ 'request', 1, 0, 100 ], [ 'request', 2, 10, 200 ], [ 'local', 2, 12 ], [ 'cancel', 3, 150 ] ],
	'a local form beside one over the air' => [
		[ 'request', 1, 0, 100 ], [ 'local', 1, 12 ], [ 'signed', 1, 13, 90 ], [ 'request', 2, 20, 200 ], [ 'local', 2, 21 ] ],
	'a cancellation that is local only' => [
		[ 'request', 1, 0, 100 ], [ 'cancel', 2, 10 ], [ 'local', 2, 11 ], [ 'outcome', 1, 104, 'hash_mismatch' ] ],
	'an answer to no command' => [
		[ 'outcome', 1, 5, 'succeeded' ], [ 'refusal', 2, 6, 'E1' ], [ 'request', 3, 0, 50 ], [ 'local', 4, 7 ] ]);

# and some at random, with no two messages received at one minute
srand($ENV{POA_SEED} // 7);
foreach my $round (1 .. 10)
{
	my %at;
	my @set;
	while (@set < 5)
	{
		my $kind = (qw(request request signed signed cancel refusal outcome local))[ rand 8 ];
		my $n = 1 + int rand 3;
		my $at = int rand 100;
		next if $at{$at}++;
		# a request is a command or a cancellation
		next if $kind eq 'cancel' && grep { $_->[1] == $n && $_->[0] =~ /request|signed/ } @set;
		next if $kind =~ /request|signed/ && grep { $_->[1] == $n && $_->[0] eq 'cancel' } @set;
		# each form comes once
		next if $kind =~ /request|signed|local|cancel/ && grep { $_->[1] == $n && $_->[0] eq $kind } @set;
		push @set, [ $kind, $n, $at,
			  $kind eq 'outcome' ? (qw(succeeded no_image_held hash_mismatch))[ rand 3 ]
			: $kind eq 'refusal' ? 'E' . int rand 20
			: rand() < 0.3 ? undef
			: $at + int rand 80 ];
	}
	$sets{"at random, round $round"} = \@set;
}

###########################################################################
# Delivery.

my $node = PostgreSQL::Test::Cluster->new('law');
$node->init;
$node->append_conf('postgresql.conf', "timezone = 'Europe/London'");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION poa_suppress;
	INSERT INTO poa.manufacturer VALUES ('1063', 'Landis+Gyr', '5 minutes', '30 minutes');
	/* minute 0 is an hour before the clocks change, and back again */
	CREATE FUNCTION instant(minute int) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
		SELECT timestamptz '2031-03-30 00:00Z' + minute * interval '1 minute' $$;
	CREATE FUNCTION minute(timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
		SELECT coalesce((extract(epoch FROM $1 - instant(0)) / 60)::int::text, '') $$;
	CREATE FUNCTION deliver(meter guid, kind text, n int, at int, starts int, what text) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		id text := '90-B3-D5-1F-30-01-00-00:' || meter || ':' || n;
	BEGIN
		/* of a RequestID the case of the digits does not matter */
		IF (meter::bigint + n + at) % 2 = 0 THEN
			id := lower(id);
		END IF;
		CASE kind
			WHEN 'request', 'signed', 'local' THEN
				PERFORM poa_internal.track_command(meter, instant(starts), id, instant(at), kind);
			WHEN 'cancel', 'cancel_signed' THEN
				PERFORM poa_internal.cancel_command(meter, id, instant(at), CASE kind WHEN 'cancel' THEN 'request' ELSE 'signed' END);
			WHEN 'refusal' THEN
				PERFORM poa.refuse_activation(id, what, instant(at));
			WHEN 'outcome' THEN
				PERFORM poa_internal.record_outcome_at(id, what, instant(at));
		END CASE;
	END
	$$;
});

# All orders of a list.
sub orders
{
	my @list = @_;
	return [] unless @list;
	return map { my $i = $_; map { [ $list[$i], @$_ ] } orders(@list[ grep { $_ != $i } 0 .. $#list ]) } 0 .. $#list;
}

sub literal { my $value = shift; return defined $value ? "'$value'" : 'NULL'; }

my $meter = 0;
foreach my $name (sort keys %sets)
{
	my @set = map { message(@$_) } @{ $sets{$name} };
	my $expected = Law::activations(@set);
	my @script = ('BEGIN;');
	my %order;

	foreach my $order (orders(@set))
	{
		$order{ ++$meter } = join ', ', map { "$_->{kind}$_->{n}" } @$order;
		push @script, "INSERT INTO poa.device VALUES ($meter\::bigint::guid, 'ESME', 2, '1063', 1000000::bigint::guid);",
		  "INSERT INTO poa.guid_list VALUES ($meter\::bigint::guid);",
		  map { sprintf 'SELECT deliver(%d::bigint::guid, %s, %d, %d, %s, %s);',
			  $meter, literal($_->{kind}), $_->{n}, $_->{at}, $_->{starts} // 'NULL', literal($_->{what}) } @$order;
	}
	$node->safe_psql('postgres', join "\n", @script, 'COMMIT;');

	my %got = map { split /=/, $_, 2 } split /\n/, $node->safe_psql('postgres', q{
		SELECT d.device::bigint || '=' || coalesce(string_agg(concat_ws('|', split_part(a.request_id, ':', 3) || ':' || minute(a.received_at),
			minute(a.activates_at), minute(a.opens_at), minute(a.closes_at), a.status, minute(a.ended_at),
			CASE WHEN a.ended_by LIKE '%:%:%' THEN split_part(a.ended_by, ':', 3) ELSE coalesce(a.ended_by, '') END), ' ' ORDER BY a.request_id), '')
		FROM poa.device AS d LEFT JOIN poa.activation AS a USING (device) GROUP BY d.device});
	my @wrong = grep { $got{$_} ne $expected } sort { $a <=> $b } keys %order;
	is(scalar @wrong, 0, "$name: " . scalar(keys %order) . ' orders')
	  or diag(join "\n", "expected $expected", map { "got      $got{$_} by $order{$_}" } @wrong[ 0 .. ($#wrong < 4 ? $#wrong : 4) ]);

	# what is on record of an activation last is what it is
	is($node->safe_psql('postgres', q{
		SELECT count(*) FROM poa.activation AS a
		WHERE (a.status, a.chf, a.activates_at, a.opens_at, a.closes_at, a.received_at, a.ended_at, a.ended_by) IS DISTINCT FROM (
			SELECT (c.status, c.chf, c.activates_at, c.opens_at, c.closes_at, c.received_at, c.ended_at, c.ended_by)
			FROM poa.activation_change AS c WHERE c.activation_id = a.activation_id ORDER BY c.change_id DESC LIMIT 1)}),
		0, "$name: the last change of each is its state");
	$node->safe_psql('postgres', 'TRUNCATE poa.activation, poa.device, poa.guid_list, poa_internal.turn');
}

done_testing();
