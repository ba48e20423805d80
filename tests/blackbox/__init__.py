"""Tests that know the daemons only as processes: flags, sockets, signals and /proc.

    runner    which daemons, which checks, one line for each
    daemon    one daemon process, from its first line of output to its exit code
    http      a client that believes nothing: every answer must be well-formed
    kernel    what /proc tells of a process
    registry  `healthd monitor`, the servers it watches, the disk it keeps its registry on
    group     `healthd run`, the processes that it keeps running
    browser   a real browser: what a person in front of the page would see
    prober    a client that does its work, in a process of its own
    swarm     many bad clients in one thread
    siege     a daemon under attack: before, during, after
    checks/   what is demanded of a daemon in the hands of its friends
    attacks/  what is demanded of it in the hands of its enemies
"""
