// Compiled by the tests: generic, inlined and trait functions under Rust's two manglings.
pub trait Grow {
    fn grow(&mut self, n: usize) -> usize;
}
impl<T: Clone + Default> Grow for Vec<T> {
    #[inline(never)]
    fn grow(&mut self, n: usize) -> usize {
        self.resize(n, T::default());
        self.len()
    }
}
pub mod store {
    #[inline(never)]
    pub fn insert(n: usize) -> usize {
        let mut numbers: Vec<u64> = Vec::new();
        super::Grow::grow(&mut numbers, n)
    }
}
fn main() {
    std::process::exit((store::insert(std::env::args().count()) == 0) as i32);
}
