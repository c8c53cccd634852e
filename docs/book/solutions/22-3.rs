pub type Step<S> = fn(&mut S);

pub fn orders(first: usize, second: usize) -> Vec<Vec<usize>> {
    if first == 0 || second == 0 {
        return vec![[vec![0; first], vec![1; second]].concat()];
    }
    let begun = |turn: usize, rest: Vec<Vec<usize>>| {
        rest.into_iter().map(move |rest| [vec![turn], rest].concat())
    };
    begun(0, orders(first - 1, second)).chain(begun(1, orders(first, second - 1))).collect()
}

pub fn find_failure<S: Default>(
    threads: [&[Step<S>]; 2],
    is_right: fn(&S) -> bool,
) -> Option<Vec<usize>> {
    orders(threads[0].len(), threads[1].len()).into_iter().find(|order| {
        let (mut state, mut places) = (S::default(), [0, 0]);
        for turn in order {
            threads[*turn][places[*turn]](&mut state);
            places[*turn] += 1;
        }
        !is_right(&state)
    })
}
